"""One file over HTTP, however often the connection breaks: what has arrived is kept and the rest is asked for.

Beside the growing `FILE.part` lies a note of which version of the file it belongs to. The server is asked to go on
from there only if its file is still that version (`Range` with `If-Range`, RFC 9110 §13.1.5); otherwise the download
starts anew. Google Drive has its own dance of confirmations: gdown knows it.
"""

import json
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import requests
from tqdm.auto import tqdm

from learning_reid.errors import UserError

TIMEOUT_S = (10, 60)  # to connect; between two pieces
PIECE = 1 << 14  # bytes; the piece that a broken connection cuts through is lost, so they are small
BROKEN_OFF = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
DRIVE = "drive.google.com"


def download_file(url: str, file: Path) -> Path:
    """Download a file with a progress bar, going on where an earlier try broke off.

    Args:
        url: Where it is.
        file: What it will be called; its folder exists. Nothing is written to it: see Returns.

    Returns:
        The complete download beside `file`, to be checked and then renamed.

    Raises:
        OSError: The server cannot be reached, refuses, or breaks off without having sent anything new.
        UserError: The disk is too small for it.
    """
    if urlsplit(url).hostname == DRIVE:
        return _from_drive(url, file.with_name(file.name + ".drive"))
    part = file.with_name(file.name + ".part")
    while True:
        had = _size(part)
        try:
            _go_on(url, part)
        except BROKEN_OFF:
            if _size(part) <= had:  # as long as every request brings something new, ask again
                raise
        else:
            _note_of(part).unlink(missing_ok=True)
            return part


def _go_on(url: str, part: Path) -> None:
    """One request: the rest of `part` where the server still has the same version, else all of it."""
    note = _read_note(part) if _size(part) else {}
    headers = {"Accept-Encoding": "identity"}
    if note.get("url") == url and note.get("version"):
        headers |= {"Range": f"bytes={_size(part)}-", "If-Range": note["version"]}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
        if "Range" in headers and not _continues(answer, part, note):
            if answer.status_code == requests.codes.requested_range_not_satisfiable and note["bytes"] == _size(part):
                return  # it was complete, only not yet renamed
            part.unlink()
            if answer.status_code != requests.codes.ok:
                return _go_on(url, part)
        answer.raise_for_status()
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            raise requests.RequestException("answered with a web page instead of the file")
        start = _size(part) if answer.status_code == requests.codes.partial_content else 0
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length else None
        if not start:
            _note_of(part).write_text(json.dumps({"url": url, "version": _version(answer), "bytes": total}))
        _write(answer, part, start, total)


def _continues(answer: requests.Response, part: Path, note: dict) -> bool:
    """Is this the rest of the same version? Not every server heeds `If-Range`: its answer is held against the note."""
    there, _, total = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    same_place = there.partition("-")[0] == str(_size(part)) and total in ("*", str(note["bytes"]))
    return (
        answer.status_code == requests.codes.partial_content
        and same_place
        and _version(answer) in (None, note["version"])
    )


def _version(answer: requests.Response) -> str | None:
    """A mark that changes with the file: a strong ETag, else the date of its last change."""
    tag = answer.headers.get("ETag", "W/")
    return answer.headers.get("Last-Modified") if tag.startswith("W/") else tag


def _write(answer: requests.Response, part: Path, start: int, total: int | None) -> None:
    check_space(part.parent, (total or 0) - start)
    bar = tqdm(total=total, initial=start, unit="B", unit_scale=True, desc=part.stem, dynamic_ncols=True)
    with bar, part.open("ab" if start else "wb") as stream:
        for piece in answer.iter_content(PIECE):
            stream.write(piece)
            bar.update(len(piece))
    if total is not None and _size(part) != total:
        raise requests.ConnectionError(f"broke off after {_size(part)} of {total} bytes")


def _from_drive(url: str, file: Path) -> Path:
    import gdown  # here, because most downloads do not need it

    with tqdm(unit="B", unit_scale=True, desc=file.stem, dynamic_ncols=True, leave=False) as bar:

        def show(arrived: int, total: int | None) -> None:
            bar.total = total
            bar.update(arrived - bar.n)

        try:
            gdown.download(url, str(file), quiet=True, resume=True, timeout=TIMEOUT_S, retries=3, progress=show)
        except (gdown.exceptions.FileURLRetrievalError, gdown.exceptions.DownloadError) as problem:
            unreachable = "Max retries exceeded" in str(problem)  # gdown keeps no more of the cause than its words
            kind = requests.ConnectionError if unreachable else requests.RequestException
            raise kind(str(problem).splitlines()[0]) from problem
    return file


def check_space(folder: Path, needed: int) -> None:
    """Is there room for so many bytes?

    Raises:
        UserError: There is not.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{folder} has {free / 1e6:.0f} MB free and {needed / 1e6:.0f} MB are needed; make room and run again"
        )


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _note_of(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _read_note(part: Path) -> dict:
    try:
        return dict(json.loads(_note_of(part).read_text()))
    except (OSError, ValueError, TypeError):
        return {}
