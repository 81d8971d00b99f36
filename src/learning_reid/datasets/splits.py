"""One folder for each split, as other ReID projects write them: train, query, gallery."""

from collections.abc import Iterator
from pathlib import Path

from learning_reid.datasets.file_names import market_label
from learning_reid.datasets.findings import Findings
from learning_reid.datasets.folder_names import is_person_name
from learning_reid.datasets.identities import has_images, read_person
from learning_reid.datasets.listing import find_below, images_in, sub_folders
from learning_reid.datasets.market import describe_incomplete_market, has_market_folders, read_images
from learning_reid.datasets.msmt17 import describe_incomplete_msmt17, has_msmt17_lists
from learning_reid.datasets.registry import register_dataset
from learning_reid.datasets.sample import Sample, Split

NAMES: dict[str, Split] = {
    **dict.fromkeys(
        ("train_all", "train", "training", "trainval", "image_train", "val", "valid", "validation"), "train"
    ),
    **dict.fromkeys(("query", "queries", "probe", "image_query"), "query"),
    **dict.fromkeys(("gallery", "galleries", "image_gallery"), "gallery"),
}
TEST = ("test", "testing", "image_test")  # the gallery if there is a query, otherwise without a split
PARTS_OF_TRAIN_ALL = ("train", "val")
EXPECTED = "folders such as train, query and gallery with images or with a folder for each person"


def has_split_folders(folder: Path) -> bool:
    """Return whether all folders with images in this one are named like splits, and it is no published dataset."""
    below = sub_folders(folder)
    if not any(_name(split) in (*NAMES, *TEST) for split in below) or any(is_person_name(_name(one)) for one in below):
        return False
    others = (has_market_folders, has_msmt17_lists, describe_incomplete_market, describe_incomplete_msmt17)
    return not any(is_other(folder) for is_other in others) and any(map(has_images, _split_folders(folder)))


@register_dataset("splits", about="train/ query/ gallery/ with images named like Market-1501's, or a folder per person")
def read_splits(root: Path, found: Findings) -> list[Sample]:
    """Read folders of splits at the root or in a folder below it; each may be missing.

    ::

        train/0002_c1s1_000451_03.jpg         images with names of Market-1501
        query/0005/0005_c1s1_001051_00.jpg    or one folder for each person, as in layumi's baseline
        test/anna/door/1.jpg                  the gallery beside a query, otherwise without a split
    """
    folder = find_below(root, has_split_folders, EXPECTED)
    samples = []
    for place, split in _split_folders(folder).items():
        samples += read_images(images_in(place, found), split, market_label, found)
        samples += [sample for person in sub_folders(place) for sample in read_person(person, split, found)]
    for unread in _folders(folder):
        if unread not in _split_folders(folder) and has_images(unread):
            what, advice = "folders that are not read", "name one of them as the root to read it"
            found.add("not-read", "note", what, advice, unread.name)
    return samples


def _split_folders(folder: Path) -> dict[Path, Split]:
    """Return the split of each folder that is read; parts of `train_all` are left out."""
    folders = list(_folders(folder))
    names = {_name(one) for one in folders}
    left_out = PARTS_OF_TRAIN_ALL if "train_all" in names else ()
    has_query = any(NAMES.get(name) == "query" for name in names)
    of_test: Split = "gallery" if has_query else "unsplit"
    splits = NAMES | dict.fromkeys(TEST, of_test)
    return {one: splits[_name(one)] for one in folders if _name(one) in splits and _name(one) not in left_out}


def _folders(folder: Path) -> Iterator[Path]:
    """Yield the folders in this one, and instead of `test` the query and gallery in it, if they are there."""
    for below in sub_folders(folder):
        inside = [one for one in sub_folders(below) if NAMES.get(_name(one)) in ("query", "gallery")]
        yield from inside if _name(below) in TEST and inside else [below]


def _name(folder: Path) -> str:
    return folder.name.casefold().replace("-", "_")
