"""Unpacking what somebody else packed: nothing may leave its folder, and nothing half done may look done.

An archive is a list of names chosen by a stranger. A name like `../../.bashrc`, or a link that later names pass
through, writes wherever it likes. So the whole list is judged before the first byte is written, only plain files are
ever created, and they appear under their final name in one step, when all of them are there.
"""

import lzma
import re
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IFMT, S_ISDIR, S_ISREG
from typing import IO, NamedTuple

from tqdm.auto import tqdm

from learning_reid.errors import UserError
from learning_reid.zoo.download import check_space

DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)


class Entry(NamedTuple):
    """One name in an archive."""

    name: str
    size: int
    kind: str  # "file", "folder", or what it should not be
    content: IO[bytes] | None  # open for reading while this entry is the current one


def unpack(archive: Path, member: str, target: Path) -> Path:
    """Unpack one file or one folder of an archive (.tar, .tar.gz, .tar.bz2, .tar.xz, .zip).

    Args:
        archive: The archive.
        member: The path of the wanted file or folder in there; any folders may stand before it.
        target: What it is to be called; its folder exists or can be made, itself it must not exist.

    Returns:
        `target`, complete.

    Raises:
        UserError: A name in the archive (wanted or not) leaves the folder, or is a link or a device; the archive is
            damaged or does not hold `member`; the disk is too small. Nothing is left behind then.
    """
    with _told_when_damaged(archive):
        wanted = _judge(archive, member)
    target.parent.mkdir(parents=True, exist_ok=True)
    check_space(target.parent, sum(wanted.values()))
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".unpacking", dir=target.parent))
    try:
        with _told_when_damaged(archive):
            _write(archive, wanted, member, draft / target.name)
        (draft / target.name).rename(target)
    finally:  # on Ctrl-C too
        shutil.rmtree(draft, ignore_errors=True)
    return target


def below(name: str, member: str) -> str | None:
    """The part of an archive's name that follows `member`; None for a name that is not there or below.

    >>> below("Crowd/S2/View_001/frame_0.jpg", "S2/View_001"), below("Crowd/S2/View_0012/frame_0.jpg", "S2/View_001")
    ('frame_0.jpg', None)
    """
    start = f"/{name}/".find(f"/{member}/")
    return None if start < 0 else name[start + len(member) :].strip("/")


def _judge(archive: Path, member: str) -> dict[str, int]:
    """Read the list to its end, refuse it for one bad name, and answer with the wanted files and their sizes."""
    wanted = {}
    for entry in _entries(archive, f"checking {archive.name}"):
        parts = re.split(r"[/\\]", entry.name)
        if (
            parts[0] == ""
            or ".." in parts
            or re.match(r"[A-Za-z]:", entry.name)
            or entry.kind not in ("file", "folder")
        ):
            what = "leaves the folder" if entry.kind in ("file", "folder") else f"is a {entry.kind}"
            raise UserError(
                f"{archive} is not unpacked: {entry.name!r} in it {what}; delete it and get it from its publisher"
            )
        if entry.kind == "file" and below(entry.name, member) is not None:
            wanted[entry.name] = entry.size
    if not wanted:
        raise UserError(f"{archive} does not hold {member}; delete it and run again to download it anew")
    return wanted


def _write(archive: Path, wanted: dict[str, int], member: str, draft: Path) -> None:
    with tqdm(
        total=sum(wanted.values()), unit="B", unit_scale=True, desc=f"unpacking {draft.name}", dynamic_ncols=True
    ) as bar:
        for entry in _entries(archive):
            if entry.name in wanted and entry.content is not None:
                file = draft / (below(entry.name, member) or "")
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("wb") as stream:
                    shutil.copyfileobj(entry.content, stream)
                bar.update(entry.size)


def _entries(archive: Path, progress: str | None = None) -> Iterator[Entry]:
    if archive.suffix.lower() == ".zip":
        yield from _zip_entries(archive)
        return
    size, quiet = archive.stat().st_size, progress is None
    with archive.open("rb") as plain:
        bar = {"total": size, "desc": progress, "disable": quiet, "dynamic_ncols": True}
        with tqdm.wrapattr(plain, "read", **bar) as counted, tarfile.open(fileobj=counted, mode="r:*") as tar:
            for info in tar:
                kind = (
                    "file"
                    if info.isreg()
                    else "folder"
                    if info.isdir()
                    else "link"
                    if info.issym() or info.islnk()
                    else "device"
                )
                yield Entry(info.name, info.size, kind, tar.extractfile(info) if info.isreg() else None)
            while tar.fileobj.read(1 << 20):  # to the very end, where bzip2, gzip and xz keep their checksum
                pass


def _zip_entries(archive: Path) -> Iterator[Entry]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            mode = info.external_attr >> 16  # as Unix wrote it; 0 from other systems, which know files and folders only
            odd = mode and S_IFMT(mode) and not S_ISREG(mode) and not S_ISDIR(mode)
            kind = "link or a device" if odd else "folder" if info.is_dir() else "file"
            with opened.open(info) as content:
                yield Entry(info.filename, info.file_size, kind, content)


@contextmanager
def _told_when_damaged(archive: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGED as problem:
        if (
            isinstance(problem, OSError) and problem.errno is not None
        ):  # not the archive's fault: a full disk, missing rights
            raise
        raise UserError(
            f"the archive {archive} is damaged ({problem}); delete it and run again to download it anew"
        ) from None
