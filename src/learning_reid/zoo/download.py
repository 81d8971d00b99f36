"""Download one file over HTTP and resume after interruptions.

Beside the growing `FILE.part` is a note of the version of the file it belongs to. The server is asked for the rest only
if its file is still that version (`Range` with `If-Range`, RFC 9110 §13.1.5); otherwise the download starts again.
Google Drive's confirmation pages are left to gdown.

pooch is not used: its downloaders cannot resume, see test_interrupted_download_is_resumed.
"""

import json
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
from tqdm.auto import tqdm
from urllib3.exceptions import HTTPError, ReadTimeoutError

from learning_reid.errors import UserError

TIMEOUT_S = (10, 60)  # to connect; between two packets
HEADER_S = 120  # to connect, follow redirects and receive all headers
DEADLINE_S = 6 * 3600  # for the whole file
SLOWEST_BYTES_PER_S, WINDOW_S = 2000, 60  # the minimum rate, and the time over which it is measured
LARGEST_BYTES = 20_000_000_000  # of a file whose size is not published
CHUNK = 1 << 14  # bytes
INTERRUPTIONS = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
DRIVE = "drive.google.com"


class Stalled(requests.Timeout):
    """A download that takes too long, and is not tried again."""


class _Clock:
    """The time of one download with all its retries."""

    def __init__(self) -> None:
        self._start = self._window_start = time.monotonic()
        self._received = self._window_received = 0

    def count(self, arrived: int) -> None:
        """Count bytes that arrived; raise Stalled if the download is too slow."""
        now = time.monotonic()
        self._received += arrived
        if now - self._start > DEADLINE_S:
            raise Stalled(f"stalled: not complete after {DEADLINE_S / 3600:g} hours")
        if now - self._window_start > WINDOW_S:
            received = self._received - self._window_received
            if received < SLOWEST_BYTES_PER_S * (now - self._window_start):
                raise Stalled(f"stalled: only {received / 1000:.0f} kB in the last {WINDOW_S:g} s")
            self._window_start, self._window_received = now, self._received


class _Session(requests.Session):
    """A session that does not follow a redirect from an encrypted to an unencrypted address."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return the address of a redirect, or None."""
        target = super().get_redirect_target(resp)
        if target and urlsplit(resp.url).scheme == "https":
            scheme = urlsplit(urljoin(resp.url, target)).scheme
            if scheme != "https":
                raise requests.RequestException(f"redirects from https to {scheme}, which is not encrypted")
        return target


def download_file(url: str, file: Path, size: int | None = None) -> Path:
    """Download a file with a progress bar, resuming an earlier download.

    Args:
        url: The address.
        file: The future path of the file.
        size: The published size in bytes, of which no more is received; None if unknown.

    Returns:
        The complete download beside `file`, to be verified and renamed.

    Raises:
        OSError: The server cannot be reached, refuses, sends more than `size` or too slowly, redirects to an
            unencrypted address, or breaks the connection without having sent anything new.
        UserError: The disk is too small.
    """
    if urlsplit(url).hostname == DRIVE:
        return _download_from_drive(url, file.with_name(file.name + ".drive"), size)
    part, clock = file.with_name(file.name + ".part"), _Clock()
    while True:
        size_before = _size(part)
        try:
            _request_rest(url, part, size, clock)
        except INTERRUPTIONS as error:
            if isinstance(error, Stalled) or _size(part) <= size_before:  # retry while every request adds something
                raise
        else:
            _note_file(part).unlink(missing_ok=True)
            return part


def _request_rest(url: str, part: Path, size: int | None, clock: _Clock) -> None:
    """Request the rest of `part` if the server still has the same version, or else the whole file."""
    note = _read_note(part) if _size(part) else {}
    headers = {"Accept-Encoding": "identity"}
    if note.get("url") == url and note.get("version"):
        headers |= {"Range": f"bytes={_size(part)}-", "If-Range": note["version"]}
    with _within(HEADER_S, partial(_Session().get, url, headers=headers, stream=True, timeout=TIMEOUT_S)) as response:
        if "Range" in headers and not _continues(response, part, note):
            if response.status_code == requests.codes.requested_range_not_satisfiable and note["bytes"] == _size(part):
                return  # it was complete, only not renamed yet
            part.unlink()
            if response.status_code != requests.codes.ok:
                return _request_rest(url, part, size, clock)
        response.raise_for_status()
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise requests.RequestException("sent a web page instead of the file")
        start = _size(part) if response.status_code == requests.codes.partial_content else 0
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else size
        if not start:
            _note_file(part).write_text(json.dumps({"url": url, "version": _version(response), "bytes": total}))
        _write(response, part, start, total, size or LARGEST_BYTES, clock)


def _within(seconds: float, get: Callable[[], requests.Response]) -> requests.Response:
    """Return the response of a request, or raise Stalled: timeouts between packets do not limit the time of headers."""
    answers: queue.SimpleQueue[requests.Response | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(get())
        except BaseException as error:
            answers.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise Stalled(f"stalled: no complete answer in {seconds:g} s") from None
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _continues(response: requests.Response, part: Path, note: dict) -> bool:
    """Return whether a response continues `part`: not every server respects `If-Range`."""
    sent, _, total = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    same_range = sent.partition("-")[0] == str(_size(part)) and total in ("*", str(note["bytes"]))
    same_version = _version(response) in (None, note["version"])
    return response.status_code == requests.codes.partial_content and same_range and same_version


def _version(response: requests.Response) -> str | None:
    """Return something that changes with the file: a strong ETag, or else the date of its last change."""
    tag = response.headers.get("ETag", "W/")
    return response.headers.get("Last-Modified") if tag.startswith("W/") else tag


def _write(response: requests.Response, part: Path, start: int, total: int | None, limit: int, clock: _Clock) -> None:
    if total is not None and total > limit:
        _discard(part)
        raise requests.RequestException(f"offers {total:,} bytes, expected are {limit:,}")
    check_space(part.parent, (total or 0) - start)
    bar = tqdm(total=total, initial=start, unit="B", unit_scale=True, desc=part.stem, dynamic_ncols=True)
    with bar, part.open("ab" if start else "wb") as stream:
        for chunk in _receive(response):
            if bar.n + len(chunk) > limit:
                _discard(part)
                raise requests.RequestException(f"sends more than the expected {limit:,} bytes")
            stream.write(chunk)
            bar.update(len(chunk))
            clock.count(len(chunk))
    if total is not None and _size(part) < total:
        raise requests.ConnectionError(f"interrupted after {_size(part)} of {total} bytes")


def _receive(response: requests.Response) -> Iterator[bytes]:
    """Yield the bytes of a response as they arrive; waiting for chunks of a fixed size could take hours."""
    try:
        while chunk := response.raw.read1(CHUNK):
            yield chunk
    except ReadTimeoutError:
        raise requests.ReadTimeout(f"stalled: nothing arrived for {TIMEOUT_S[1]:g} s") from None
    except HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(f"interrupted: {error}") from None


def _download_from_drive(url: str, file: Path, size: int | None) -> Path:
    import gdown  # late: most downloads do not need it

    clock, cancel, limit = _Clock(), threading.Event(), size or LARGEST_BYTES
    deadline = threading.Timer(DEADLINE_S, cancel.set)
    deadline.daemon = True
    with tqdm(unit="B", unit_scale=True, desc=file.stem, dynamic_ncols=True, leave=False) as bar:

        def show(arrived: int, total: int | None) -> None:
            if max(arrived, total or 0) > limit:
                raise requests.RequestException(f"sends more than the expected {limit:,} bytes")
            clock.count(arrived - bar.n)
            bar.total = total
            bar.update(arrived - bar.n)

        deadline.start()
        try:
            gdown.download(
                url, str(file), quiet=True, resume=True, timeout=TIMEOUT_S, retries=3, progress=show, cancel=cancel
            )
        except gdown.exceptions.DownloadCancelled:
            raise Stalled(f"stalled: not complete after {DEADLINE_S / 3600:g} hours") from None
        except (gdown.exceptions.FileURLRetrievalError, gdown.exceptions.DownloadError) as error:
            unreachable = "Max retries exceeded" in str(error)  # gdown only keeps the message of the cause
            kind = requests.ConnectionError if unreachable else requests.RequestException
            raise kind(str(error).splitlines()[0]) from error
        finally:
            deadline.cancel()
    return file


def check_space(folder: Path, needed: int) -> None:
    """Raise a UserError unless a folder's disk has `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{folder} has {free / 1e6:.0f} MB free and {needed / 1e6:.0f} MB are needed; free some space and run again"
        )


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _note_file(part).unlink(missing_ok=True)


def _note_file(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_note(part: Path) -> dict:
    try:
        return dict(json.loads(_note_file(part).read_text()))
    except (OSError, ValueError, TypeError):
        return {}
