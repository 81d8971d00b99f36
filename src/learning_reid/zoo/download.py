"""Download one file over HTTP and resume after interruptions.

Beside the growing `FILE.part` is a note of the version of the file it belongs to. The server is asked for the rest only
if its file is still that version (`Range` with `If-Range`, RFC 9110 §13.1.5); otherwise the download starts again.
Google Drive's confirmation pages are left to gdown.

pooch is not used: its downloaders cannot resume, see test_interrupted_download_is_resumed.
"""

import json
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import requests
from tqdm.auto import tqdm

from learning_reid.errors import UserError

TIMEOUT_S = (10, 60)  # to connect; between two chunks
CHUNK = 1 << 14  # bytes; small, because the chunk in which a connection breaks is lost
INTERRUPTIONS = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
DRIVE = "drive.google.com"


def download_file(url: str, file: Path) -> Path:
    """Download a file with a progress bar, resuming an earlier download.

    Returns:
        The complete download beside `file`, its future path, to be verified and renamed.

    Raises:
        OSError: The server cannot be reached, refuses, or breaks the connection without having sent anything new.
        UserError: The disk is too small.
    """
    if urlsplit(url).hostname == DRIVE:
        return _download_from_drive(url, file.with_name(file.name + ".drive"))
    part = file.with_name(file.name + ".part")
    while True:
        size_before = _size(part)
        try:
            _request_rest(url, part)
        except INTERRUPTIONS:
            if _size(part) <= size_before:  # retry as long as every request adds something
                raise
        else:
            _note_file(part).unlink(missing_ok=True)
            return part


def _request_rest(url: str, part: Path) -> None:
    """Request the rest of `part` if the server still has the same version, or else the whole file."""
    note = _read_note(part) if _size(part) else {}
    headers = {"Accept-Encoding": "identity"}
    if note.get("url") == url and note.get("version"):
        headers |= {"Range": f"bytes={_size(part)}-", "If-Range": note["version"]}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
        if "Range" in headers and not _continues(response, part, note):
            if response.status_code == requests.codes.requested_range_not_satisfiable and note["bytes"] == _size(part):
                return  # it was complete, only not renamed yet
            part.unlink()
            if response.status_code != requests.codes.ok:
                return _request_rest(url, part)
        response.raise_for_status()
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise requests.RequestException("sent a web page instead of the file")
        start = _size(part) if response.status_code == requests.codes.partial_content else 0
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else None
        if not start:
            _note_file(part).write_text(json.dumps({"url": url, "version": _version(response), "bytes": total}))
        _write(response, part, start, total)


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


def _write(response: requests.Response, part: Path, start: int, total: int | None) -> None:
    check_space(part.parent, (total or 0) - start)
    bar = tqdm(total=total, initial=start, unit="B", unit_scale=True, desc=part.stem, dynamic_ncols=True)
    with bar, part.open("ab" if start else "wb") as stream:
        for chunk in response.iter_content(CHUNK):
            stream.write(chunk)
            bar.update(len(chunk))
    if total is not None and _size(part) != total:
        raise requests.ConnectionError(f"interrupted after {_size(part)} of {total} bytes")


def _download_from_drive(url: str, file: Path) -> Path:
    import gdown  # late: most downloads do not need it

    with tqdm(unit="B", unit_scale=True, desc=file.stem, dynamic_ncols=True, leave=False) as bar:

        def show(arrived: int, total: int | None) -> None:
            bar.total = total
            bar.update(arrived - bar.n)

        try:
            gdown.download(url, str(file), quiet=True, resume=True, timeout=TIMEOUT_S, retries=3, progress=show)
        except (gdown.exceptions.FileURLRetrievalError, gdown.exceptions.DownloadError) as error:
            unreachable = "Max retries exceeded" in str(error)  # gdown only keeps the message of the cause
            kind = requests.ConnectionError if unreachable else requests.RequestException
            raise kind(str(error).splitlines()[0]) from error
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


def _note_file(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_note(part: Path) -> dict:
    try:
        return dict(json.loads(_note_file(part).read_text()))
    except (OSError, ValueError, TypeError):
        return {}
