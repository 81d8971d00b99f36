"""A local web server that misbehaves on request."""

import contextlib
import threading
import time
from collections.abc import Iterator
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class FileServer:
    """Serve `files`, with the configured faults.

    Attributes:
        files: Path → content.
        breaks_after: For each future request, the number of bytes after which the connection is closed.
        respects_range: False always sends the whole file.
        respects_if_range: False sends the range even if the file has changed.
        sends_version: False sends neither ETag nor Last-Modified.
        moved: Path → path that it redirects to.
        sent_length: Content-Length of every response, if set; 0 sends none.
        pause_s, step: Seconds before every `step` bytes.
        status: Status of every response, if set.
        content_type: Content type of every response.
        ranges: The Range header of each request so far, or None.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.breaks_after: list[int] = []
        self.respects_range = self.respects_if_range = self.sends_version = True
        self.moved: dict[str, str] = {}
        self.sent_length: int | None = None
        self.pause_s, self.step = 0.0, 10_000
        self.status: int | None = None
        self.content_type = "application/octet-stream"
        self.ranges: list[str | None] = []
        self.url = ""

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        if request.path in self.moved:
            request.send_response(302)
            request.send_header("Location", self.moved[request.path])
            request.send_header("Content-Length", "0")
            return request.end_headers()
        requested = request.headers.get("Range")
        self.ranges.append(requested)
        content = self.files.get(request.path)
        status = self.status or (404 if content is None else None)
        if status or content is None:
            return request.send_error(status or 404)
        tag = f'"{md5(content).hexdigest()}"'
        same = not self.respects_if_range or request.headers.get("If-Range", tag) == tag
        start = int(requested.removeprefix("bytes=").rstrip("-")) if requested and self.respects_range and same else 0
        if start and start >= len(content):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(content)}")
            request.send_header("Content-Length", "0")
            return request.end_headers()
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if self.sends_version:
            request.send_header("ETag", tag)
        if self.sent_length != 0:
            request.send_header("Content-Length", str(self.sent_length or len(content) - start))
        request.send_header("Content-Type", self.content_type)
        request.end_headers()
        sent = content[start:][: self.breaks_after.pop(0) if self.breaks_after else None]
        with contextlib.suppress(OSError):  # the client may have closed the connection
            for position in range(0, len(sent), self.step) if self.pause_s else ():
                time.sleep(self.pause_s)
                request.wfile.write(sent[position : position + self.step])
            if not self.pause_s:
                request.wfile.write(sent)
        request.close_connection = True


@pytest.fixture
def server() -> Iterator[FileServer]:
    files = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            files.respond(self)

        def log_message(self, *_: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    files.url = f"http://127.0.0.1:{web.server_port}"
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield files
    web.shutdown()
    thread.join()
    web.server_close()


@pytest.fixture
def no_server() -> str:
    """An address without a server."""
    web = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    web.server_close()
    return f"http://127.0.0.1:{web.server_port}"
