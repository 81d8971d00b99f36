"""Find what a class handed in, whatever the course platform made of the names."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from learning_reid.errors import UserError

LARGEST = 50_000_000  # bytes of a notebook
_MOODLE = re.compile(r"^(?P<student>.+_\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)$")
_ARCHIVES = {".zip", ".gz", ".tgz", ".tar", ".7z", ".rar"}


@dataclass(frozen=True)
class Submission:
    """One notebook of one student, or what is there in its place.

    Attributes:
        student: the name of the folder, or what follows the set in the name of the file.
        set_name: of which exercises; empty where nobody can tell.
        file: relative to the folder of submissions.
        problem: why it cannot be run; empty where it can.
    """

    student: str
    set_name: str
    file: str
    problem: str = ""


def find_submissions(folder: Path, sets: Collection[str]) -> list[Submission]:
    """What is to be marked, and what cannot be, by student and set.

    Args:
        folder: `STUDENT/NAME.ipynb` or `NAME_STUDENT.ipynb`, in any mixture.
        sets: the names of the sets.

    Raises:
        UserError: there is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        what = "a file" if folder.exists() else "no such folder"
        raise UserError(f"{folder}: {what}; name the folder with the submissions")
    found: list[Submission] = []
    for entry in sorted(folder.iterdir(), key=lambda path: path.name.casefold()):
        if _is_noise(entry):
            continue
        if entry.is_dir() and not entry.is_symlink():
            found += _of_student(entry, folder, sets)
        else:
            student, name = split_flat(entry.stem, sets)
            found.append(_look_at(entry, student, name, folder, sets))
    if not found:
        raise UserError(
            f"{folder}: nothing was handed in there; it should hold STUDENT/NAME.ipynb or NAME_STUDENT.ipynb"
        )
    return sorted(_one_each(found), key=lambda one: (one.student.casefold(), one.student, one.set_name, one.file))


def set_of(stem: str, sets: Collection[str]) -> tuple[str, str]:
    """Which set a file belongs to, and what else its name says.

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
    """Student and set of a file that lies in no folder.

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


def _of_student(folder: Path, top: Path, sets: Collection[str]) -> Iterator[Submission]:
    moodle = _MOODLE.match(folder.name)
    student = moodle["student"] if moodle else folder.name
    files = [file for file in sorted(folder.rglob("*")) if file.is_symlink() or file.is_file()]
    files = [
        file for file in files if not any(_is_noise(part) for part in (file, *file.parents) if top in part.parents)
    ]
    notebooks = [file for file in files if file.suffix.lower() == ".ipynb"]
    archives = [file for file in files if file.suffix.lower() in _ARCHIVES]
    for file in [*notebooks, *archives]:
        yield _look_at(file, student, set_of(file.stem, sets)[0], top, sets)
    if not notebooks and not archives:
        yield Submission(student, "", folder.name, "no notebook was handed in")


def _look_at(file: Path, student: str, set_name: str, top: Path, sets: Collection[str]) -> Submission:
    """The submission that a file is, or what is wrong with it."""
    where, problem = str(file.relative_to(top)), ""
    if file.is_symlink():
        problem = "a link, not a notebook"
    elif file.suffix.lower() in _ARCHIVES:
        problem = "a packed file: unpack it and mark again"
    elif file.suffix.lower() != ".ipynb":
        problem = "no notebook (.ipynb) was handed in"
    elif file.stat().st_size > LARGEST:
        problem = f"larger than {LARGEST // 1_000_000} MB: clear the outputs"
    else:
        set_name = set_name or _set_inside(file, sets)
        problem = "" if set_name else f"belongs to no set of exercises; there are: {', '.join(sorted(sets))}"
    return Submission(student, set_name, where, problem)


def _set_inside(file: Path, sets: Collection[str]) -> str:
    """Which set a notebook says it is, for those that were given another name."""
    try:
        name = json.loads(file.read_bytes())["metadata"]["otter"]["assignment_name"]
        return name if name in sets else ""
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _one_each(found: list[Submission]) -> Iterator[Submission]:
    """Of two notebooks for one set neither is taken: which one counts the teacher has to say."""
    together: dict[tuple[str, str], list[Submission]] = defaultdict(list)
    for one in found:
        if one.problem:
            yield one
        else:
            together[one.student, one.set_name].append(one)
    for (student, set_name), files in together.items():
        if len(files) == 1:
            yield files[0]
        else:
            names = ", ".join(one.file for one in files)
            yield Submission(student, set_name, names, "several notebooks of this set: keep the one that counts")


def _is_noise(path: Path) -> bool:
    return path.name.startswith(".") or path.name in {"__MACOSX", "__pycache__"}
