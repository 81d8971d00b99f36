"""Just enough of Kaggle's API, on this machine: one data set, asked for by the real client over HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Kaggle:
    """What the server has and what it was asked.

    Attributes:
        archive: the bytes it sends for the set.
        handle: the one upload that exists.
        token: who has to ask; None: anybody may.
        asked: each request as (what, handle, the Authorization header).
    """

    def __init__(self, archive: bytes, handle: str) -> None:
        self.archive = archive
        self.handle = handle
        self.token: str | None = None
        self.asked: list[tuple[str, str, str | None]] = []
        self.endpoint = ""


@contextmanager
def serve(kaggle: Kaggle) -> Iterator[Kaggle]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            handle = f"{wanted['ownerSlug']}/{wanted['datasetSlug']}"
            what = self.path.rpartition("/")[2]
            kaggle.asked.append((what, handle, self.headers["Authorization"]))
            if handle != kaggle.handle:
                self.answer(404, {"code": 404, "message": "Not found"})
            elif kaggle.token and self.headers["Authorization"] != f"Bearer {kaggle.token}":
                self.answer(403, {"code": 403, "message": "Permission denied"})
            elif what == "GetDataset":
                self.answer(200, {"currentVersionNumber": 3})
            else:
                self.send(200, "application/zip", kaggle.archive)

        def answer(self, status: int, content: dict) -> None:
            self.send(status, "application/json", json.dumps(content).encode())

        def send(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    kaggle.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kaggle
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
