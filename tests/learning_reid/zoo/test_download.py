"""Downloads from servers that break connections, change files or send wrong headers."""

import io
import random
import shutil
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import requests

from learning_reid.errors import UserError
from learning_reid.zoo import download as module
from learning_reid.zoo.download import CHUNK, download_file
from tests.learning_reid.zoo.conftest import FileServer

CONTENT = random.Random(0).randbytes(100_000)
OTHER = random.Random(1).randbytes(100_000)
RECEIVED = 4 * CHUNK  # bytes received when the connection breaks


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "weights.pth"


def interrupt_download(server: FileServer, file: Path) -> Path:
    """Leave a partial download, as if the process had been killed."""
    server.files["/w"], server.breaks_after = CONTENT, [RECEIVED, 0]
    with pytest.raises(OSError):
        download_file(f"{server.url}/w", file)
    server.breaks_after.clear()
    server.ranges.clear()
    part = file.with_name("weights.pth.part")
    assert part.read_bytes() == CONTENT[:RECEIVED]
    return part


def test_whole_file_is_downloaded_with_progress(
    server: FileServer, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.files["/w"] = CONTENT
    arrived = download_file(f"{server.url}/w", file)
    assert arrived.read_bytes() == CONTENT
    assert not file.exists()
    assert "weights.pth" in (shown := capsys.readouterr().err) and "100k" in shown
    assert [path.name for path in file.parent.iterdir()] == [arrived.name]


def test_interrupted_download_is_resumed(server: FileServer, file: Path) -> None:
    server.files["/w"], server.breaks_after = CONTENT, [2 * CHUNK, 3 * CHUNK]
    assert download_file(f"{server.url}/w", file).read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={2 * CHUNK}-", f"bytes={5 * CHUNK}-"]


def test_next_run_resumes(server: FileServer, file: Path) -> None:
    interrupt_download(server, file)
    assert download_file(f"{server.url}/w", file).read_bytes() == CONTENT
    assert server.ranges == [f"bytes={RECEIVED}-"]


def test_server_that_sends_nothing_more_raises(server: FileServer, file: Path) -> None:
    server.files["/w"], server.breaks_after = CONTENT, [CHUNK, 0, 0, 0, 0]
    with pytest.raises(requests.RequestException):
        download_file(f"{server.url}/w", file)
    assert len(server.ranges) == 2


def test_slow_server_works(server: FileServer, file: Path) -> None:
    server.files["/w"], server.pause_s = CONTENT, 0.02
    assert download_file(f"{server.url}/w", file).read_bytes() == CONTENT and len(server.ranges) == 1


def test_silent_server_is_called_a_stall(server: FileServer, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", (5, 0.1))
    server.files["/w"], server.pause_s = CONTENT, 0.5
    with pytest.raises(requests.Timeout, match="stalled: nothing arrived"):
        download_file(f"{server.url}/w", file)


def test_too_slow_server_is_called_a_stall_and_not_asked_again(
    server: FileServer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW_S", 0.1)
    server.files["/w"], server.pause_s, server.step = CONTENT, 0.03, 1  # 33 bytes a second
    with pytest.raises(module.Stalled, match="stalled: only 0 kB"):
        download_file(f"{server.url}/w", file)
    assert len(server.ranges) == 1


def test_deadline_holds_for_all_retries_together(
    server: FileServer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEADLINE_S", 0)
    server.files["/w"], server.breaks_after = CONTENT, [10] * 100
    with pytest.raises(module.Stalled, match="stalled: not complete"):
        download_file(f"{server.url}/w", file)
    assert len(server.ranges) == 1


def test_slow_headers_are_called_a_stall(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEADER_S", 0.2)
    ended = threading.Event()

    def answer_slowly(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\nX-Long: ")
        while not ended.wait(0.02):
            connection.sendall(b"a")
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: answer_slowly(listening.accept()[0]))
        thread.start()
        with pytest.raises(module.Stalled, match="stalled: no complete answer"):
            download_file(f"http://127.0.0.1:{listening.getsockname()[1]}/w", file)
        ended.set()
        thread.join()


@pytest.mark.parametrize("length", [None, 0], ids=["with a length", "without a length"])
def test_more_than_the_published_size_is_not_received(server: FileServer, file: Path, length: int | None) -> None:
    server.files["/w"], server.sent_length = CONTENT, length
    with pytest.raises(requests.RequestException, match="expected"):
        download_file(f"{server.url}/w", file, len(CONTENT) - 1)
    assert not list(file.parent.iterdir())


def test_published_size_ends_a_download_without_a_length(server: FileServer, file: Path) -> None:
    server.files["/w"], server.sent_length, server.breaks_after = CONTENT, 0, [RECEIVED]
    assert download_file(f"{server.url}/w", file, len(CONTENT)).read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={RECEIVED}-"]


def test_redirect_from_https_to_http_is_not_followed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(_: object, request: requests.PreparedRequest, **__: object) -> requests.Response:
        asked.append(str(request.url))
        response = requests.Response()
        response.status_code, response.request, response.url = 302, request, str(request.url)
        response.headers["Location"], response.raw = "http://example.org/w", io.BytesIO()
        return response if len(asked) == 1 else pytest.fail("followed")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", answer)
    with pytest.raises(requests.RequestException, match="redirects from https to http"):
        download_file("https://example.org/w", file)
    assert asked == ["https://example.org/w"]


def test_redirects_are_followed(server: FileServer, file: Path) -> None:
    server.files["/w"], server.moved = CONTENT, {"/old": "/older", "/older": "/w"}
    assert download_file(f"{server.url}/old", file).read_bytes() == CONTENT


def test_circular_redirects_raise(server: FileServer, file: Path) -> None:
    server.moved = {"/a": "/b", "/b": "/a"}
    with pytest.raises(requests.RequestException):
        download_file(f"{server.url}/a", file)


@pytest.mark.parametrize("length", [len(CONTENT) + 1, 2 * len(CONTENT)])
def test_too_large_content_length_raises(server: FileServer, file: Path, length: int) -> None:
    server.files["/w"], server.sent_length = CONTENT, length
    with pytest.raises(requests.RequestException):
        download_file(f"{server.url}/w", file)
    assert not file.exists()


def test_server_that_ignores_range_restarts(server: FileServer, file: Path) -> None:
    interrupt_download(server, file)
    server.respects_range = False
    assert download_file(f"{server.url}/w", file).read_bytes() == CONTENT


@pytest.mark.parametrize("respects_if_range", [True, False])
@pytest.mark.parametrize("length", [100_000, 90_000, 40_000])
def test_changed_file_is_downloaded_from_the_start(
    server: FileServer, file: Path, respects_if_range: bool, length: int
) -> None:
    interrupt_download(server, file)
    server.files["/w"], server.respects_if_range = OTHER[:length], respects_if_range
    assert download_file(f"{server.url}/w", file).read_bytes() == OTHER[:length]


def test_server_without_versions_restarts(server: FileServer, file: Path) -> None:
    server.files["/w"], server.breaks_after, server.sends_version = CONTENT, [RECEIVED], False
    assert download_file(f"{server.url}/w", file).read_bytes() == CONTENT
    assert server.ranges == [None, None]


def test_part_from_another_address_is_not_resumed(server: FileServer, file: Path) -> None:
    interrupt_download(server, file)
    server.files["/mirror"] = OTHER
    assert download_file(f"{server.url}/mirror", file).read_bytes() == OTHER


@pytest.mark.parametrize("note", [None, "no json", "[1]", '{"url": 3}'])
def test_part_without_a_valid_note_restarts(server: FileServer, file: Path, note: str | None) -> None:
    part = interrupt_download(server, file)
    part.write_bytes(OTHER[:50_000])
    note_file = part.with_name(part.name + ".json")
    note_file.unlink() if note is None else note_file.write_text(note)
    assert download_file(f"{server.url}/w", file).read_bytes() == CONTENT


def test_complete_part_is_kept(server: FileServer, file: Path) -> None:
    part = interrupt_download(server, file)
    part.write_bytes(CONTENT)  # killed between the last byte and renaming
    assert download_file(f"{server.url}/w", file).read_bytes() == CONTENT
    assert server.ranges == ["bytes=100000-"]


def test_too_long_part_restarts(server: FileServer, file: Path) -> None:
    part = interrupt_download(server, file)
    part.write_bytes(CONTENT + b"more")
    assert download_file(f"{server.url}/w", file).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [403, 404, 500])
def test_http_errors_raise(server: FileServer, file: Path, status: int) -> None:
    server.files["/w"], server.status = CONTENT, status
    with pytest.raises(requests.HTTPError, match=str(status)):
        download_file(f"{server.url}/w", file)
    assert not list(file.parent.iterdir())


def test_web_page_instead_of_the_file_raises(server: FileServer, file: Path) -> None:
    server.files["/w"], server.content_type = b"<html>log in to this network</html>", "text/html; charset=utf-8"
    with pytest.raises(requests.RequestException, match="a web page instead of the file"):
        download_file(f"{server.url}/w", file)
    assert not list(file.parent.iterdir())


def test_small_disk_raises_before_anything_is_written(
    server: FileServer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["/w"] = CONTENT
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=99_999))
    with pytest.raises(UserError, match="free and .* are needed; free some space"):
        download_file(f"{server.url}/w", file)
    assert not file.with_name("weights.pth.part").exists()


def test_google_drive_uses_gdown(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gdown

    def fake_download(url: str, output: str, *, resume: bool, timeout: object, progress: object, **_: object) -> str:
        assert resume and timeout == module.TIMEOUT_S
        Path(output).write_bytes(url.encode())
        progress(len(url), len(url))  # type: ignore[operator]
        return output

    monkeypatch.setattr(gdown, "download", fake_download)
    address = "https://drive.google.com/uc?id=1sSwXSUlj4"
    assert download_file(address, file).read_text() == address


@pytest.mark.parametrize("total", [None, 3_000_000])
def test_google_drive_sends_no_more_than_the_published_size(
    total: int | None, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gdown

    def fake_download(*_: object, progress: Callable[[int, int | None], None], **__: object) -> None:
        progress(1_000_000, total)
        progress(2_000_001, total)

    monkeypatch.setattr(gdown, "download", fake_download)
    with pytest.raises(requests.RequestException, match="more than the expected 2,000,000 bytes"):
        download_file("https://drive.google.com/uc?id=1sSwXSUlj4", file, 2_000_000)


def test_deadline_holds_for_google_drive(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gdown

    def wait(*_: object, cancel: threading.Event, **__: object) -> None:
        cancel.wait()
        raise gdown.exceptions.DownloadCancelled

    monkeypatch.setattr(module, "DEADLINE_S", 0.01)
    monkeypatch.setattr(gdown, "download", wait)
    with pytest.raises(module.Stalled):
        download_file("https://drive.google.com/uc?id=1sSwXSUlj4", file)


def test_refusal_by_google_drive_is_an_os_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gdown

    def refuse(*_: object, **__: object) -> None:
        raise gdown.exceptions.FileURLRetrievalError("Too many users have viewed this file\n\nmuch more text")

    monkeypatch.setattr(gdown, "download", refuse)
    with pytest.raises(OSError, match="Too many users") as error:
        download_file("https://drive.google.com/uc?id=1sSwXSUlj4", file)
    assert "\n" not in str(error.value)


def test_unreachable_google_drive_is_a_connection_error(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gdown

    def unreachable(*_: object, **__: object) -> None:
        raise gdown.exceptions.DownloadError(
            "Download failed after 3 retries: HTTPSConnectionPool: Max retries exceeded"
        )

    monkeypatch.setattr(gdown, "download", unreachable)
    with pytest.raises(requests.ConnectionError):
        download_file("https://drive.google.com/uc?id=1sSwXSUlj4", file)


def test_gdown_is_used_for_google_drive_only(server: FileServer, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gdown", ModuleType("gdown"))  # would fail when used
    server.files["/w"] = CONTENT
    assert download_file(f"{server.url}/w", file).read_bytes() == CONTENT
