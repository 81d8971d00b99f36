"""A local server with the part of Kaggle's API that the real client needs to download one dataset."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Kaggle:
    """State of the server.

    Attributes:
        archive: Bytes of the dataset.
        handle: The one upload that exists.
        token: Required token; None if no login is required.
        requests: Each request as (method, handle, Authorization header).
    """

    def __init__(self, archive: bytes, handle: str) -> None:
        self.archive = archive
        self.handle = handle
        self.token: str | None = None
        self.requests: list[tuple[str, str, str | None]] = []
        self.endpoint = ""


@contextmanager
def serve(kaggle: Kaggle) -> Iterator[Kaggle]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            handle = f"{body['ownerSlug']}/{body['datasetSlug']}"
            what = self.path.rpartition("/")[2]
            kaggle.requests.append((what, handle, self.headers["Authorization"]))
            if handle != kaggle.handle:
                self.send_json(404, {"code": 404, "message": "Not found"})
            elif kaggle.token and self.headers["Authorization"] != f"Bearer {kaggle.token}":
                self.send_json(403, {"code": 403, "message": "Permission denied"})
            elif what == "GetDataset":
                self.send_json(200, {"currentVersionNumber": 3})
            else:
                self.send(200, "application/zip", kaggle.archive)

        def send_json(self, status: int, content: dict) -> None:
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
