"""MSMT17, first and second version: two folders of pictures and four lists that say who is where."""

from pathlib import Path

from learning_reid.datasets.findings import Findings
from learning_reid.datasets.layouts import register_dataset
from learning_reid.datasets.listing import Below, find_below
from learning_reid.datasets.sample import Sample, Split
from learning_reid.errors import UserError

FOLDERS = (("train", "test"), ("mask_train_v2", "mask_test_v2"))
LISTS: tuple[tuple[str, Split], ...] = (
    ("list_train.txt", "train"),
    ("list_val.txt", "train"),  # its people are those of the training folder
    ("list_query.txt", "query"),
    ("list_gallery.txt", "gallery"),
)
EXPECTED = "the folders train and test (or mask_train_v2 and mask_test_v2) with list_train.txt and list_query.txt"
CAMERA_FIELD = 2  # of 0000_000_01_0303morning_0015_0: person, picture, camera, time, …


def has_msmt17_lists(folder: Path) -> bool:
    """Whether the lists and both folders lie directly in this one."""
    lists = all((folder / name).is_file() for name in ("list_train.txt", "list_query.txt"))
    return lists and _folders(folder) is not None


@register_dataset("msmt17", about="MSMT17 (V1 or V2): train/ test/ list_*.txt")
def read_msmt17(root: Path, found: Findings) -> list[Sample]:
    """MSMT17 at the root or in a folder below it.

    Train and test people both count from 0 and are different people: those of the training folder get the prefix
    `train-`.

    Raises:
        UserError: another layout, or a list that cannot be read.
    """
    place = find_below(root, has_msmt17_lists, EXPECTED, names=("msmt",))
    folders = _folders(place) or FOLDERS[0]
    samples = []
    for name, split in LISTS:
        if (place / name).is_file():
            folder = place / folders[0 if split == "train" else 1]
            samples += _listed(place / name, folder, split, found)
        else:
            found.add("no-list", "warning", "lists that are not there", "copy them from the data set", name)
    return samples


def _folders(place: Path) -> tuple[str, str] | None:
    return next((pair for pair in FOLDERS if all((place / name).is_dir() for name in pair)), None)


def _listed(file: Path, folder: Path, split: Split, found: Findings) -> list[Sample]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise UserError(f"{file} cannot be read as text ({problem}); copy it again from the data set") from None
    below, prefix, samples = Below(folder), "train-" if split == "train" else "", []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        path, _, person = line.strip().rpartition(" ")
        fields = path.rpartition("/")[2].split("_")
        where = f"{file.name} line {number} ({path or line.strip()})"
        if not person.isdecimal() or len(fields) <= CAMERA_FIELD:
            advice = "a line is PERSON/PERSON_PICTURE_CAMERA_….jpg PERSON; copy the list again from the data set"
            found.add("list-line", "error", "lines of a list that are not of its form", advice, where)
        elif wrong := below.problem(path):
            what = "listed pictures that are missing" if wrong == "missing" else "listed paths that leave the data set"
            advice = f"{folder} must hold the pictures of {file.name}; copy them, or the list, again"
            found.add(f"list-{wrong}", "error", what, advice, where)
        else:
            samples.append(Sample(folder / path, prefix + person, fields[CAMERA_FIELD], split))
    return samples
