"""A small web server on this machine that can be as unkind as those on the internet."""

import contextlib
import threading
import time
from collections.abc import Iterator
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class FileServer:
    """Serves `files`, and misbehaves as told.

    Attributes:
        files: path → content.
        breaks_after: for each request to come, the number of bytes after which the connection is dropped.
        heeds_range: False serves the whole file whatever was asked for.
        heeds_if_range: False sends the range even where the file has changed.
        tells_version: False sends neither ETag nor Last-Modified.
        moved: path → path that it redirects to.
        told_length: when set, what every answer says its length is, whatever it sends.
        pause_s: seconds that pass before each 10,000 bytes.
        status: when set, every request gets this status.
        content_type: of every answer.
        ranges: the Range header of each request so far, None where there was none.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.breaks_after: list[int] = []
        self.heeds_range = self.heeds_if_range = self.tells_version = True
        self.moved: dict[str, str] = {}
        self.told_length: int | None = None
        self.pause_s = 0.0
        self.status: int | None = None
        self.content_type = "application/octet-stream"
        self.ranges: list[str | None] = []
        self.url = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if request.path in self.moved:
            request.send_response(302)
            request.send_header("Location", self.moved[request.path])
            request.send_header("Content-Length", "0")
            return request.end_headers()
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        content = self.files.get(request.path)
        status = self.status or (404 if content is None else None)
        if status or content is None:
            return request.send_error(status or 404)
        tag = f'"{md5(content).hexdigest()}"'
        same = not self.heeds_if_range or request.headers.get("If-Range", tag) == tag
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.heeds_range and same else 0
        if start and start >= len(content):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(content)}")
            request.send_header("Content-Length", "0")
            return request.end_headers()
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if self.tells_version:
            request.send_header("ETag", tag)
        request.send_header("Content-Length", str(self.told_length or len(content) - start))
        request.send_header("Content-Type", self.content_type)
        request.end_headers()
        sent = content[start:][: self.breaks_after.pop(0) if self.breaks_after else None]
        for place in range(0, len(sent), 10_000) if self.pause_s else ():
            time.sleep(self.pause_s)
            with contextlib.suppress(OSError):  # whoever asked may have given up
                request.wfile.write(sent[place : place + 10_000])
        if not self.pause_s:
            request.wfile.write(sent)
        request.close_connection = True


@pytest.fixture
def server() -> Iterator[FileServer]:
    files = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            files.answer(self)

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
    """An address where nobody listens."""
    web = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    web.server_close()
    return f"http://127.0.0.1:{web.server_port}"
