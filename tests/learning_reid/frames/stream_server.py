"""Servers of a video stream on this machine, for tests: HTTP without a length, and RTSP over TCP."""

import base64
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CREDENTIALS = "admin:pass@word"
_CHALLENGE = 'WWW-Authenticate: Basic realm="camera"'
_RTP_MPEG_TS = 33  # payload type
_BYTES_PER_PACKET = 7 * 188


class _Handler(socketserver.StreamRequestHandler):
    """Answers HTTP and RTSP requests that carry the credentials."""

    server: "_Server"

    def handle(self) -> None:
        while request := self.rfile.readline().decode().split():
            headers = {}
            while line := self.rfile.readline().decode().strip():
                name, _, value = line.partition(": ")
                headers[name.lower()] = value
            expected = f"Basic {base64.b64encode(CREDENTIALS.encode()).decode()}"
            is_allowed = headers.get("authorization") == expected
            self.server.requests.append((request[0], is_allowed))
            if request[0] == "GET":
                self._answer_http(is_allowed)
                return
            self._answer_rtsp(request[0], request[1], headers["cseq"], is_allowed)

    def _answer_http(self, is_allowed: bool) -> None:
        if not is_allowed:
            self._send("HTTP/1.1 401 Unauthorized", _CHALLENGE, "Content-Length: 0", "Connection: close")
            return
        self._send("HTTP/1.1 200 OK", f"Content-Type: {self.server.content_type}", "Connection: close")
        self.wfile.write(self.server.content)

    def _answer_rtsp(self, method: str, address: str, number: str, is_allowed: bool) -> None:
        cseq = f"CSeq: {number}"
        if method == "OPTIONS":
            self._send("RTSP/1.0 200 OK", cseq, "Public: DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif not is_allowed:
            self._send("RTSP/1.0 401 Unauthorized", cseq, _CHALLENGE)
        elif method == "DESCRIBE":
            sdp = f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP {_RTP_MPEG_TS}\r\na=control:1\r\n"
            self._send("RTSP/1.0 200 OK", cseq, "Content-Type: application/sdp", f"Content-Length: {len(sdp)}")
            self.wfile.write(sdp.encode())
        elif method == "SETUP":
            self._send("RTSP/1.0 200 OK", cseq, "Session: 1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        elif method == "PLAY":
            self._send("RTSP/1.0 200 OK", cseq, "Session: 1")
            for number, start in enumerate(range(0, len(self.server.content), _BYTES_PER_PACKET)):
                data = struct.pack(">BBHII", 0x80, _RTP_MPEG_TS, number % 65536, 0, 1)
                data += self.server.content[start : start + _BYTES_PER_PACKET]
                self.wfile.write(struct.pack(">cBH", b"$", 0, len(data)) + data)
            self.close_connection()
        else:
            self._send("RTSP/1.0 200 OK", cseq)

    def _send(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, content: bytes, content_type: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.content_type = content, content_type
        self.requests: list[tuple[str, bool]] = []


@contextmanager
def serve(content: bytes | Path, content_type: str = "video/mp2t") -> Iterator[int]:
    """Serve a video to clients with `CREDENTIALS`; yield the port."""
    data = content if isinstance(content, bytes) else content.read_bytes()
    with _Server(data, content_type) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
