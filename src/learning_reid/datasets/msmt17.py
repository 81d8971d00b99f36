"""MSMT17, versions 1 and 2: two folders of images and four lists of who is in which split."""

from pathlib import Path

from learning_reid.datasets.file_names import msmt17_label
from learning_reid.datasets.findings import Findings
from learning_reid.datasets.listing import PathChecker, find_below, images_in, sub_folders
from learning_reid.datasets.registry import register_dataset
from learning_reid.datasets.sample import Sample, Split
from learning_reid.errors import UserError

FOLDERS = (("train", "test"), ("mask_train_v2", "mask_test_v2"))
LISTS: tuple[tuple[str, Split], ...] = (
    ("list_train.txt", "train"),
    ("list_val.txt", "train"),  # its identities are those of the training folder
    ("list_query.txt", "query"),
    ("list_gallery.txt", "gallery"),
)
EXPECTED = "the folders train and test (or mask_train_v2 and mask_test_v2) with list_train.txt and list_query.txt"
CAMERA_FIELD = 2  # of 0000_000_01_0303morning_0015_0: person, image, camera, time, …
PARTS = ((0, ("list_train.txt",)), (1, ("list_query.txt", "list_gallery.txt")))  # folder, and the lists it needs


def has_msmt17_lists(folder: Path) -> bool:
    """Return whether a folder of images is directly in this one with its lists: for training, or for an evaluation."""
    return any(
        (folder / pair[part]).is_dir() and all((folder / name).is_file() for name in lists)
        for pair in FOLDERS
        for part, lists in PARTS
    )


def describe_incomplete_msmt17(folder: Path) -> str | None:
    """Return an error message if this folder has MSMT17's images without their lists."""
    pair = _folders(folder)
    if pair is None or has_msmt17_lists(folder):
        return None
    if pair == FOLDERS[0]:  # usual names: the images decide
        people = [person for name in pair if (folder / name).is_dir() for person in sub_folders(folder / name)[:1]]
        is_msmt17 = any(msmt17_label(image.stem) for person in people for image in images_in(person)[:1])
        if not is_msmt17 or not all((folder / name).is_dir() for name in pair):
            return None
    missing = [name for _, lists in PARTS for name in lists if not (folder / name).is_file()]
    return (
        f"{folder} has the layout of MSMT17 without {', '.join(missing)}, which say who is query and gallery; copy "
        "them from the dataset"
    )


@register_dataset("msmt17", about="MSMT17 (V1 or V2): train/ test/ list_*.txt")
def read_msmt17(root: Path, found: Findings) -> list[Sample]:
    """Read MSMT17 at the root or in a folder below it.

    ::

        list_train.txt       lines "0000/0000_000_01_0303morning_0015_0.jpg 0"; also list_{val,query,gallery}.txt
        train/0000/…         or mask_train_v2/
        test/0000/…          or mask_test_v2/

    Train and test number their identities from 0 independently; training identities get the prefix `train-`.
    """
    place = find_below(root, has_msmt17_lists, EXPECTED, ("msmt",), describe_incomplete_msmt17)
    folders = _folders(place) or FOLDERS[0]
    samples = []
    for name, split in LISTS:
        if (place / name).is_file():
            folder = place / folders[0 if split == "train" else 1]
            samples += _read_list(place / name, folder, split, found)
        else:
            found.add("no-list", "warning", "missing lists", "copy them from the dataset", name)
    return samples


def _folders(place: Path) -> tuple[str, str] | None:
    return next((pair for pair in FOLDERS if any((place / name).is_dir() for name in pair)), None)


def _read_list(file: Path, folder: Path, split: Split, found: Findings) -> list[Sample]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be read as text ({error}); copy it again from the dataset") from None
    paths, prefix, samples = PathChecker(folder), "train-" if split == "train" else "", []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        path, _, person = line.strip().rpartition(" ")
        fields = path.rpartition("/")[2].split("_")
        where = f"{file.name} line {number} ({path or line.strip()})"
        if not person.isdecimal() or len(fields) <= CAMERA_FIELD:
            advice = "a line is PERSON/PERSON_IMAGE_CAMERA_….jpg PERSON; copy the list again from the dataset"
            found.add("list-line", "error", "invalid lines in a list", advice, where)
        elif wrong := paths.problem(path):
            what = "listed images that are missing" if wrong == "missing" else "listed paths outside the dataset"
            advice = f"{folder} must contain the images of {file.name}; copy the images or the list again"
            found.add(f"list-{wrong}", "error", what, advice, where)
        else:
            samples.append(Sample(folder / path, prefix + person, fields[CAMERA_FIELD], split))
    return samples
