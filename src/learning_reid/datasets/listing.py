"""List image folders, find a dataset's folder below a root, and check listed paths."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.errors import UserError
from learning_reid.frames.images import IMAGE_SUFFIXES, natural_sort

MAX_DEPTH = 2  # archives and Kaggle often wrap a dataset in a folder of its name, twice
MAX_FOLDERS = 2000  # so that a home directory as root is not searched completely
_IGNORED = ("thumbs.db", "desktop.ini", "readme", "readme.txt", "readme.md", "license", "labels.csv")


def sub_folders(folder: Path) -> list[Path]:
    """Return the folders directly inside, without hidden ones, in natural order."""
    return [folder / name for name, is_folder in _entries(folder) if is_folder]


def images_in(folder: Path, found: Findings | None = None) -> list[Path]:
    """Return the image files directly in a folder, without hidden ones, in natural order.

    `found` receives a note on files that are not images.
    """
    files = [name for name, is_folder in _entries(folder) if not is_folder]
    for name in files:
        if found is not None and name.lower() not in _IGNORED and not name.lower().endswith(IMAGE_SUFFIXES):
            what = "files without an image extension"
            found.add("not-a-picture", "note", what, "they are ignored", f"{folder.name}/{name}")
    return [folder / name for name in files if name.lower().endswith(IMAGE_SUFFIXES)]


def find_below(
    root: Path,
    fits: Callable[[Path], bool],
    wanted: str,
    names: tuple[str, ...] = (),
    describe_incomplete: Callable[[Path], str | None] = lambda folder: None,
) -> Path:
    """Return the folder that `fits`: the root itself, or the one at most two levels below it.

    Args:
        root: Where to look.
        fits: Whether a folder has the layout.
        wanted: Describes the layout in messages.
        names: If several folders of one level fit, those whose path contains one of these (lower case) are preferred.
        describe_incomplete: What a folder lacks that has a part of the layout, in a message; None for other folders.

    Raises:
        WrongLayout: No folder fits.
        UserError: Several folders fit, or the layout is incomplete.
    """
    for level in _levels(root):
        fitting = [folder for folder in level if fits(folder)]
        named = [folder for folder in fitting if any(name in str(folder.relative_to(root)).lower() for name in names)]
        chosen = named or fitting
        if len(chosen) > 1:
            listed = ", ".join(str(folder) for folder in chosen[:5])
            raise UserError(f"{root} contains several: {listed}; name one of them as the root")
        if chosen:
            return chosen[0]
    refuse_incomplete(root, describe_incomplete)
    raise WrongLayout(f"{root} does not contain {wanted}")


def any_below(root: Path, fits: Callable[[Path], bool]) -> bool:
    """Return whether the root or a folder at most two levels below it `fits`."""
    return any(fits(folder) for level in _levels(root) for folder in level)


def refuse_incomplete(root: Path, describe_incomplete: Callable[[Path], str | None]) -> None:
    """Raise a UserError if the root, or a folder at most two levels below it, has only a part of a layout."""
    for level in _levels(root):
        for folder in level:
            if message := describe_incomplete(folder):
                raise UserError(message)


def _levels(root: Path) -> Iterator[list[Path]]:
    level, seen = [root], 1
    for depth in range(MAX_DEPTH + 1):
        yield level
        if depth < MAX_DEPTH:
            level = [below for folder in level for below in _readable_folders(folder)][: MAX_FOLDERS - seen]
            seen += len(level)


def _readable_folders(folder: Path) -> list[Path]:
    try:
        return sub_folders(folder)
    except UserError:
        return []


def _entries(folder: Path) -> list[tuple[str, bool]]:
    """Return name and `is_dir()` of everything that is not hidden, in natural order."""
    try:
        with os.scandir(folder) as opened:
            kinds = {entry.name: entry.is_dir() for entry in opened if not entry.name.startswith(".")}
    except OSError as error:
        raise UserError(
            f"cannot list the folder {folder} ({error.strerror}); check its path and your permissions"
        ) from None
    return [(name, kinds[name]) for name in natural_sort(kinds)]


class PathChecker:
    """Checks whether the paths of a list lead to files inside a folder; links are followed, as in listed folders.

    Each folder is read once, so that a list of 100,000 paths does not cost 100,000 file system calls.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders: dict[str, set[str]] = {}

    def problem(self, path: str) -> str | None:
        """Return None for a file below the root, else "leaves" or "missing"."""
        if "\0" in path:  # os.scandir would raise ValueError
            return "missing"
        if path.startswith("/") or ".." in path.split("/") or path[1:2] == ":":
            return "leaves"
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._listing(folder)
        return None if name in self._folders[folder] else "missing"

    def _listing(self, folder: str) -> set[str]:
        try:
            with os.scandir(self.root / folder) as opened:
                return {entry.name for entry in opened if entry.is_file()}
        except OSError:
            return set()
