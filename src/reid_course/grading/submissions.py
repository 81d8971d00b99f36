"""Find the submissions of a class under the file names that course platforms produce, whatever else lies there."""

import os
import re
import stat
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from learning_reid.errors import UserError

UNREADABLE = "no notebook: the file cannot be read as one"
MAX_BYTES = 50_000_000  # bytes of a notebook
MAX_DEPTH = 8  # folders inside a student's folder
_MOODLE = re.compile(r"^(?P<student>.+_\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)$")
_SET_IN_METADATA = re.compile(rb'"assignment_name"\s*:\s*"([^"\\]*)"')  # quotes inside of a cell are escaped
_ARCHIVES = {".zip", ".gz", ".tgz", ".tar", ".7z", ".rar"}


@dataclass(frozen=True)
class Submission:
    """One notebook of one student, or the file found in its place.

    Attributes:
        student: Name of the folder, or the part of the file name after the set.
        set_name: Name of the exercise set; empty = unknown.
        file: Path relative to the folder of submissions.
        problem: Why it cannot be run; empty = it can.
    """

    student: str
    set_name: str
    file: str
    problem: str = ""


def find_submissions(folder: Path, sets: Collection[str]) -> list[Submission]:
    """Find all submissions, also those that cannot be run, by student and set.

    Args:
        folder: Folder with `STUDENT/NAME.ipynb` and `NAME_STUDENT.ipynb` in any mixture.
        sets: Names of the exercise sets.

    Raises:
        UserError: The folder is missing or empty.
    """
    if not folder.is_dir():
        what = "a file" if folder.exists() else "no such folder"
        raise UserError(f"{folder}: {what}; name the folder with the submissions")
    found: list[Submission] = []
    try:
        entries = sorted(folder.iterdir(), key=lambda path: path.name.casefold())
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error.strerror}); make it readable") from None
    for entry in entries:
        if _is_ignored(entry):
            continue
        if entry.is_dir() and not entry.is_symlink():
            found += _find_of_student(entry, folder, sets)
        else:
            student, name = split_flat(entry.stem, sets)
            found.append(_check_file(entry, student, name, folder, sets))
    if not found:
        raise UserError(f"{folder}: no submissions; it should contain STUDENT/NAME.ipynb or NAME_STUDENT.ipynb")
    return sorted(
        _reject_duplicates(found), key=lambda one: (one.student.casefold(), one.student, one.set_name, one.file)
    )


def set_of(stem: str, sets: Collection[str]) -> tuple[str, str]:
    """Return the set that a file name begins with, and the rest of the name.

    >>> set_of("01 Distances (1)", ["01_distances", "02_losses"])
    ('01_distances', '')
    >>> set_of("01-distances_Ada_Lovelace", ["01_distances"])
    ('01_distances', 'Ada_Lovelace')
    >>> set_of("Untitled", ["01_distances"])
    ('', 'Untitled')
    """
    for name in sorted(sets, key=len, reverse=True):
        spelled = re.sub(r"[_\- ]+", r"[_\\- ]+", name)
        match = re.match(rf"{spelled}(?![0-9A-Za-z])(.*)$", stem, re.IGNORECASE | re.DOTALL)
        if match:
            rest = re.sub(r"\s*\(\d+\)$|[_\- ]?copy\d*$", "", match[1], flags=re.IGNORECASE)
            return name, rest.strip("_- ")
    return "", stem


def split_flat(stem: str, sets: Collection[str]) -> tuple[str, str]:
    """Return student and set of a file outside student folders.

    >>> split_flat("01_distances_Ada Lovelace", ["01_distances"])
    ('Ada Lovelace', '01_distances')
    >>> split_flat("Ada Lovelace_12345_assignsubmission_file_01_distances", ["01_distances"])
    ('Ada Lovelace_12345', '01_distances')
    """
    moodle = _MOODLE.match(stem)
    if moodle:
        return moodle["student"], set_of(moodle["rest"], sets)[0]
    name, rest = set_of(stem, sets)
    return rest or stem, name


def _find_of_student(folder: Path, top: Path, sets: Collection[str]) -> Iterator[Submission]:
    moodle = _MOODLE.match(folder.name)
    student = moodle["student"] if moodle else folder.name
    files = sorted(_walk(folder))
    notebooks = [file for file in files if file.suffix.lower() == ".ipynb"]
    archives = [file for file in files if file.suffix.lower() in _ARCHIVES]
    for file in [*notebooks, *archives]:
        yield _check_file(file, student, set_of(file.stem, sets)[0], top, sets)
    if not notebooks and not archives:
        yield Submission(student, "", folder.name, "no notebook was handed in")


def _check_file(file: Path, student: str, set_name: str, top: Path, sets: Collection[str]) -> Submission:
    """Return the submission of a file, with its problem if it has one."""
    path, problem, status = str(file.relative_to(top)), "", _lstat(file)
    if status is None:
        problem = UNREADABLE
    elif stat.S_ISLNK(status.st_mode):
        problem = "a link, not a notebook"
    elif not stat.S_ISREG(status.st_mode):
        problem = "not a regular file"
    elif file.suffix.lower() in _ARCHIVES:
        problem = "an archive: unpack it and grade again"
    elif file.suffix.lower() != ".ipynb":
        problem = "no notebook (.ipynb) was handed in"
    elif status.st_size > MAX_BYTES:
        problem = f"larger than {MAX_BYTES // 1_000_000} MB: clear the outputs"
    else:
        set_name = set_name or _set_in_metadata(file, sets)
        problem = "" if set_name else f"unknown exercise set; there are: {', '.join(sorted(sets))}"
    return Submission(student, set_name, path, problem)


def read_notebook(file: Path) -> bytes:
    """Read a submission, but only if it is a regular file, and without waiting for a device.

    Raises:
        OSError: The file is missing, not a regular file or larger than 50 MB, or cannot be read.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{file} is not a regular file")
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(f"{file} is too large")
    return content


def _walk(folder: Path, depth: int = 0) -> Iterator[Path]:
    """Yield everything that is no folder, without following links; what is too deep or cannot be read is left out."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        path = folder / entry.name
        if _is_ignored(path):
            continue
        if not entry.is_dir(follow_symlinks=False):
            yield path
        elif depth < MAX_DEPTH:
            yield from _walk(path, depth + 1)


def _lstat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def _set_in_metadata(file: Path, sets: Collection[str]) -> str:
    """Return the set that a renamed notebook names in its metadata, without parsing all of it."""
    try:
        names = [name.decode(errors="replace") for name in _SET_IN_METADATA.findall(read_notebook(file))]
    except OSError:
        return ""
    return next((name for name in names if name in sets), "")


def _reject_duplicates(found: list[Submission]) -> Iterator[Submission]:
    """Replace several notebooks for one set by one entry with a problem: the teacher has to choose."""
    by_set: dict[tuple[str, str], list[Submission]] = defaultdict(list)
    for one in found:
        if one.problem:
            yield one
        else:
            by_set[one.student, one.set_name].append(one)
    for (student, set_name), files in by_set.items():
        if len(files) == 1:
            yield files[0]
        else:
            names = ", ".join(one.file for one in files)
            yield Submission(student, set_name, names, "several notebooks of this set: keep the one that counts")


def _is_ignored(path: Path) -> bool:
    return path.name.startswith(".") or path.name in {"__MACOSX", "__pycache__"}
