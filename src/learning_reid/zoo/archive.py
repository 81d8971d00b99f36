"""Unpack one file or folder of a downloaded archive safely and completely.

Names in an archive are untrusted: one like `../../.bashrc`, or a link that later names pass through, could write
anywhere. Python's data filter (PEP 706) prevents that for tar files, but only while it extracts, and it keeps links.
Here one bad name refuses the whole archive before anything is written, zip files are checked the same way, only
regular files are created, and the result appears under its final name in one step.
"""

import errno
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
from typing import NamedTuple

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
# Other operating-system errors come from the archive: impossible sizes, too long names, a file that is also a folder.
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)


class Entry(NamedTuple):
    """One name in an archive; `kind` is "file", "folder", or something that is not allowed."""

    name: str
    size: int
    kind: str


def unpack(archive: Path, member: str, target: Path) -> Path:
    """Unpack one file or one folder of an archive (.tar, .tar.gz, .tar.bz2, .tar.xz, .zip).

    Args:
        archive: The archive.
        member: Path of the file or folder in the archive; other folders may precede it.
        target: Path to unpack it to, which must not exist; missing folders are created.

    Raises:
        UserError: A name in the archive leaves the folder or is a link or a device; the archive is damaged or does not
            contain `member`; the disk is too small. Nothing is left behind then.
    """
    with _damage_as_user_error(archive):
        sizes = _check(archive, member)
    target.parent.mkdir(parents=True, exist_ok=True)
    check_space(target.parent, sum(sizes.values()))
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".unpacking", dir=target.parent))
    try:
        with _damage_as_user_error(archive):
            extract = _extract_zip if archive.suffix.lower() == ".zip" else _extract_tar
            with tqdm(total=sum(sizes.values()), unit="B", unit_scale=True, desc=f"unpacking {target.name}") as bar:
                for name in extract(archive, {name: _renamed(name, member, target.name) for name in sizes}, draft):
                    bar.update(sizes[name])
        (draft / target.name).rename(target)
    finally:  # also after Ctrl-C
        shutil.rmtree(draft, ignore_errors=True)
    return target


def relative_name(name: str, member: str) -> str | None:
    """Return the part of an archive's name after `member`, or None for a name outside of it.

    >>> relative_name("Crowd/S2/View_001/frame_0.jpg", "S2/View_001")
    'frame_0.jpg'
    >>> relative_name("Crowd/S2/View_0012/frame_0.jpg", "S2/View_001") is None
    True
    """
    start = f"/{name}/".find(f"/{member}/")
    return None if start < 0 else name[start + len(member) :].strip("/")


def _renamed(name: str, member: str, target: str) -> str:
    return f"{target}/{relative_name(name, member)}".rstrip("/")


def _check(archive: Path, member: str) -> dict[str, int]:
    """Read all names, raise an error for a bad one, and return the sizes of the files to unpack by name."""
    sizes = {}
    for entry in _entries(archive):
        parts = re.split(r"[/\\]", entry.name)
        allowed = entry.kind in ("file", "folder")
        if parts[0] == "" or ".." in parts or re.match(r"[A-Za-z]:", entry.name) or not allowed:
            problem = "leaves the folder" if allowed else f"is a {entry.kind}"
            raise UserError(
                f"{archive} is not unpacked: {entry.name!r} in it {problem}; delete it and get it from its publisher"
            )
        if entry.kind == "file" and relative_name(entry.name, member) is not None:
            sizes[entry.name] = entry.size
    if not sizes:
        raise UserError(f"{archive} does not contain {member}; delete it and run again to download a new copy")
    return sizes


def _entries(archive: Path) -> Iterator[Entry]:
    if archive.suffix.lower() == ".zip":
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                mode = member.external_attr >> 16  # 0 from systems other than Unix, which only store files and folders
                special = mode and S_IFMT(mode) and not S_ISREG(mode) and not S_ISDIR(mode)
                kind = "link or a device" if special else "folder" if member.is_dir() else "file"
                yield Entry(member.filename, member.file_size, kind)
        return
    with archive.open("rb") as raw:
        bar = tqdm.wrapattr(raw, "read", total=archive.stat().st_size, desc=f"checking {archive.name}")
        with bar as counted, tarfile.open(fileobj=counted, mode="r:*") as tar:
            for info in tar:
                special_kind = "link" if info.issym() or info.islnk() else "device"
                yield Entry(
                    info.name, info.size, "file" if info.isreg() else "folder" if info.isdir() else special_kind
                )
            while tar.fileobj.read(1 << 20):  # bzip2, gzip and xz have their checksum at the very end
                pass


def _extract_zip(archive: Path, names: dict[str, str], folder: Path) -> Iterator[str]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            if member.filename in names:
                name, member.filename = member.filename, names[member.filename]
                opened.extract(member, folder)
                yield name


def _extract_tar(archive: Path, names: dict[str, str], folder: Path) -> Iterator[str]:
    with tarfile.open(archive) as tar:
        for info in tar:
            if info.name in names:
                tar.extract(info.replace(name=names[info.name], deep=False), folder, filter="data")
                yield info.name


@contextmanager
def _damage_as_user_error(archive: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
            raise
        raise UserError(
            f"the archive {archive} is damaged ({error}); delete it and run again to download a new copy"
        ) from None
