"""Looking into folders: the pictures there, the folder that was meant, and whether a path stays below its root."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.errors import UserError
from learning_reid.frames.folder import PICTURE_SUFFIXES, natural_order

DEEPEST = 2  # archives and Kaggle like to put a set into a folder of its name, twice
MOST_FOLDERS = 2000  # a root as large as a home directory is not searched to its end
_SILENT = ("thumbs.db", "desktop.ini", "readme", "readme.txt", "readme.md", "license", "labels.csv")


def sub_folders(folder: Path) -> list[Path]:
    """The folders directly below, without hidden ones, in natural order.

    Raises:
        UserError: the folder cannot be listed.
    """
    return [folder / name for name, is_folder in _entries(folder) if is_folder]


def pictures_in(folder: Path, found: Findings | None = None) -> list[Path]:
    """The pictures directly in a folder, in natural order; hidden files and `Thumbs.db` are passed over in silence.

    Args:
        folder: an existing folder.
        found: what else lies there is told here.

    Raises:
        UserError: the folder cannot be listed.
    """
    pictures = []
    for name, is_folder in _entries(folder):
        if is_folder:
            continue
        if name.lower().endswith(PICTURE_SUFFIXES):
            pictures.append(folder / name)
        elif found is not None and name.lower() not in _SILENT:
            found.add(
                "not-a-picture",
                "note",
                "files that are not pictures by their name",
                "they are not looked at",
                f"{folder.name}/{name}",
            )
    return pictures


def find_below(root: Path, fits: Callable[[Path], bool], wanted: str, names: tuple[str, ...] = ()) -> Path:
    """The folder that `fits`: the root itself, or the one at most two levels below it.

    Args:
        root: where to start.
        fits: whether a folder has the layout.
        wanted: what is looked for, for the message.
        names: where several fit on one level, those whose path contains one of these (lower case) are meant.

    Raises:
        WrongLayout: none fits.
        UserError: several do, and none is named as expected.
    """
    for level in _levels(root):
        there = [folder for folder in level if fits(folder)]
        named = [folder for folder in there if any(name in str(folder.relative_to(root)).lower() for name in names)]
        chosen = named or there
        if len(chosen) > 1:
            listed = ", ".join(str(folder) for folder in chosen[:5])
            raise UserError(f"{root} holds several: {listed}; name one of them as the root")
        if chosen:
            return chosen[0]
    raise WrongLayout(f"{root} does not hold {wanted}")


def _levels(root: Path) -> Iterator[list[Path]]:
    level, seen = [root], 1
    for depth in range(DEEPEST + 1):
        yield level
        if depth < DEEPEST:
            level = [below for folder in level for below in _readable_folders(folder)][: MOST_FOLDERS - seen]
            seen += len(level)


def _readable_folders(folder: Path) -> list[Path]:
    try:
        return sub_folders(folder)
    except UserError:  # while searching, a folder without rights is one that does not fit
        return []


def _entries(folder: Path) -> list[tuple[str, bool]]:
    """Name and whether it is a folder, of all that is not hidden, in natural order."""
    try:
        with os.scandir(folder) as opened:
            kinds = {entry.name: entry.is_dir() for entry in opened if not entry.name.startswith(".")}
    except OSError as problem:
        reason = problem.strerror
        raise UserError(f"cannot list the folder {folder} ({reason}); check its path and your rights") from None
    return [(name, kinds[name]) for name in natural_order(kinds)]


class Below:
    """Whether the paths that somebody wrote into a list lead to files below a folder.

    Each folder on the way is looked at once, so that a list of 100,000 paths costs no 100,000 walks through the disk.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._folders: dict[str, dict[str, bool] | None] = {}

    def problem(self, path: str) -> str | None:
        """None for a file below the root, else "leaves" or "missing"."""
        parts = path.split("/")
        if "\0" in path:  # which no file system has, and Python refuses to ask for
            return "missing"
        if path.startswith("/") or ".." in parts or path[1:2] == ":":
            return "leaves"
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._listing(folder)
        listing = self._folders[folder]
        if listing is None:
            return "leaves"
        if name not in listing:
            return "missing"
        return "leaves" if listing[name] and not self._inside(f"{folder}/{name}") else None

    def _listing(self, folder: str) -> dict[str, bool] | None:
        """Each file's name and whether it is a link; nothing where the folder is missing, None where it is outside."""
        if not self._inside(folder):
            return None
        try:
            with os.scandir(os.path.join(self._real, folder)) as opened:
                return {entry.name: entry.is_symlink() for entry in opened if entry.is_file()}
        except OSError:
            return {}

    def _inside(self, path: str) -> bool:
        real = os.path.realpath(os.path.join(self._real, path.lstrip("/")))
        return real == self._real or real.startswith(self._real.rstrip(os.sep) + os.sep)
