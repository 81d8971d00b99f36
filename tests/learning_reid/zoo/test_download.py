"""Downloads from a server that breaks off, forgets, changes its mind and lies."""

import random
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import requests

from learning_reid.errors import UserError
from learning_reid.zoo import download as module
from learning_reid.zoo.download import PIECE, download
from tests.learning_reid.zoo.conftest import FileServer

CONTENT = random.Random(0).randbytes(100_000)
OTHER = random.Random(1).randbytes(100_000)
BROKEN = 4 * PIECE  # bytes that have arrived when the connection breaks


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "weights.pth"


def break_off_for_good(server: FileServer, file: Path) -> Path:
    """Leave a part of a download behind, as a closed laptop does."""
    server.files["/w"], server.breaks_after = CONTENT, [BROKEN + 100, 0]
    with pytest.raises(OSError):
        download(f"{server.url}/w", file)
    server.breaks_after.clear()
    server.ranges.clear()
    part = file.with_name("weights.pth.part")
    assert part.read_bytes() == CONTENT[:BROKEN]
    return part


def test_whole_file_with_progress(server: FileServer, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.files["/w"] = CONTENT
    arrived = download(f"{server.url}/w", file)
    assert arrived.read_bytes() == CONTENT
    assert not file.exists()
    assert "weights.pth" in (told := capsys.readouterr().err) and "100k" in told
    assert [path.name for path in file.parent.iterdir()] == [arrived.name]


def test_connection_that_breaks_off_is_taken_up_where_it_was(server: FileServer, file: Path) -> None:
    server.files["/w"], server.breaks_after = CONTENT, [2 * PIECE, 3 * PIECE]
    assert download(f"{server.url}/w", file).read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={2 * PIECE}-", f"bytes={5 * PIECE}-"]


def test_next_run_goes_on(server: FileServer, file: Path) -> None:
    break_off_for_good(server, file)
    assert download(f"{server.url}/w", file).read_bytes() == CONTENT
    assert server.ranges == [f"bytes={BROKEN}-"]


def test_server_that_sends_nothing_more_is_given_up(server: FileServer, file: Path) -> None:
    server.files["/w"], server.breaks_after = CONTENT, [PIECE, 0, 0, 0, 0]
    with pytest.raises(requests.RequestException):
        download(f"{server.url}/w", file)
    assert len(server.ranges) == 2


def test_slow_server_is_waited_for(server: FileServer, file: Path) -> None:
    server.files["/w"], server.pause_s = CONTENT, 0.02
    assert download(f"{server.url}/w", file).read_bytes() == CONTENT and len(server.ranges) == 1


def test_server_that_falls_silent_is_given_up(server: FileServer, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", (5, 0.1))
    server.files["/w"], server.pause_s = CONTENT, 0.5
    with pytest.raises(requests.RequestException):
        download(f"{server.url}/w", file)


def test_server_that_redirects_is_followed(server: FileServer, file: Path) -> None:
    server.files["/w"], server.moved = CONTENT, {"/old": "/older", "/older": "/w"}
    assert download(f"{server.url}/old", file).read_bytes() == CONTENT


def test_server_that_redirects_in_a_circle_is_an_error(server: FileServer, file: Path) -> None:
    server.moved = {"/a": "/b", "/b": "/a"}
    with pytest.raises(requests.RequestException):
        download(f"{server.url}/a", file)


@pytest.mark.parametrize("told", [len(CONTENT) + 1, 2 * len(CONTENT)])
def test_server_that_promises_more_than_it_has_is_given_up(server: FileServer, file: Path, told: int) -> None:
    server.files["/w"], server.told_length = CONTENT, told
    with pytest.raises(requests.RequestException):
        download(f"{server.url}/w", file)
    assert not file.exists()


def test_server_that_ignores_range_starts_again(server: FileServer, file: Path) -> None:
    break_off_for_good(server, file)
    server.heeds_range = False
    assert download(f"{server.url}/w", file).read_bytes() == CONTENT


@pytest.mark.parametrize("heeds_if_range", [True, False])
@pytest.mark.parametrize("length", [100_000, 90_000, 40_000])
def test_file_that_changed_meanwhile_is_not_spliced(
    server: FileServer, file: Path, heeds_if_range: bool, length: int
) -> None:
    break_off_for_good(server, file)
    server.files["/w"], server.heeds_if_range = OTHER[:length], heeds_if_range
    assert download(f"{server.url}/w", file).read_bytes() == OTHER[:length]


def test_server_that_tells_no_version_starts_again(server: FileServer, file: Path) -> None:
    server.files["/w"], server.breaks_after, server.tells_version = CONTENT, [BROKEN], False
    assert download(f"{server.url}/w", file).read_bytes() == CONTENT
    assert server.ranges == [None, None]


def test_part_of_another_address_is_not_continued(server: FileServer, file: Path) -> None:
    break_off_for_good(server, file)
    server.files["/mirror"] = OTHER
    assert download(f"{server.url}/mirror", file).read_bytes() == OTHER


@pytest.mark.parametrize("note", [None, "no json", "[1]", '{"url": 3}'])
def test_part_without_a_usable_note_starts_again(server: FileServer, file: Path, note: str | None) -> None:
    part = break_off_for_good(server, file)
    part.write_bytes(OTHER[:50_000])
    note_file = part.with_name(part.name + ".json")
    note_file.unlink() if note is None else note_file.write_text(note)
    assert download(f"{server.url}/w", file).read_bytes() == CONTENT


def test_part_that_was_complete_is_taken_as_it_is(server: FileServer, file: Path) -> None:
    part = break_off_for_good(server, file)
    part.write_bytes(CONTENT)  # killed between the last byte and the new name
    assert download(f"{server.url}/w", file).read_bytes() == CONTENT
    assert server.ranges == ["bytes=100000-"]


def test_part_longer_than_the_file_starts_again(server: FileServer, file: Path) -> None:
    part = break_off_for_good(server, file)
    part.write_bytes(CONTENT + b"more")
    assert download(f"{server.url}/w", file).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [403, 404, 500])
def test_refusals_are_errors(server: FileServer, file: Path, status: int) -> None:
    server.files["/w"], server.status = CONTENT, status
    with pytest.raises(requests.HTTPError, match=str(status)):
        download(f"{server.url}/w", file)
    assert not list(file.parent.iterdir())


def test_web_page_in_place_of_the_file_is_refused(server: FileServer, file: Path) -> None:
    server.files["/w"], server.content_type = b"<html>log in to this network</html>", "text/html; charset=utf-8"
    with pytest.raises(requests.RequestException, match="a web page instead of the file"):
        download(f"{server.url}/w", file)
    assert not list(file.parent.iterdir())


def test_full_disk_is_told_before_anything_is_written(
    server: FileServer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["/w"] = CONTENT
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=99_999))
    with pytest.raises(UserError, match="free and .* are needed; make room"):
        download(f"{server.url}/w", file)
    assert not file.with_name("weights.pth.part").exists()


def test_drive_goes_through_gdown(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gdown

    def instead(url: str, output: str, *, resume: bool, timeout: object, progress: object, **_: object) -> str:
        assert resume and timeout == module.TIMEOUT_S
        Path(output).write_bytes(url.encode())
        progress(len(url), len(url))  # type: ignore[operator]
        return output

    monkeypatch.setattr(gdown, "download", instead)
    address = "https://drive.google.com/uc?id=1sSwXSUlj4"
    assert download(address, file).read_text() == address


def test_drive_that_refuses_is_an_ordinary_network_problem(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gdown

    def refuse(*_: object, **__: object) -> None:
        raise gdown.exceptions.FileURLRetrievalError("Too many users have viewed this file\n\nmuch more text")

    monkeypatch.setattr(gdown, "download", refuse)
    with pytest.raises(OSError, match="Too many users") as told:
        download("https://drive.google.com/uc?id=1sSwXSUlj4", file)
    assert "\n" not in str(told.value)


def test_drive_without_a_network_is_told_like_any_other_server(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gdown

    def unreachable(*_: object, **__: object) -> None:
        raise gdown.exceptions.DownloadError(
            "Download failed after 3 retries: HTTPSConnectionPool: Max retries exceeded"
        )

    monkeypatch.setattr(gdown, "download", unreachable)
    with pytest.raises(requests.ConnectionError):
        download("https://drive.google.com/uc?id=1sSwXSUlj4", file)


def test_gdown_is_loaded_for_drive_alone(server: FileServer, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gdown", ModuleType("gdown"))  # would fail when used
    server.files["/w"] = CONTENT
    assert download(f"{server.url}/w", file).read_bytes() == CONTENT
