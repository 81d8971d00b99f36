"""One folder per person: the simplest way to sort images by hand."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from learning_reid.datasets.file_names import JUNK, NameLabel, camera_in, full_label, is_distractor, msmt17_label
from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.folder_names import is_person_name, is_split_name
from learning_reid.datasets.listing import images_in, sub_folders
from learning_reid.datasets.market import labeled_sample
from learning_reid.datasets.registry import register_dataset
from learning_reid.datasets.sample import Sample, Split

MOT_FRAMES = "img1"  # a sequence without its ground truth is no person


@register_dataset("identities", about="one folder for each person")
def read_identities(root: Path, found: Findings) -> list[Sample]:
    """Read one folder per person, without splits.

    ::

        anna/1_c2.jpg        camera "2", from the file name
        anna/door/1.jpg      camera "door", from the folder
        anna/1.jpg           camera ""
    """
    for image in images_in(root):
        what = "images left out because they are not in a person's folder"
        found.add("no-identity", "warning", what, "move each into a folder with the person's name", image.name)
    folders = [folder for folder in sub_folders(root) if has_images(folder)]
    if not any(is_person_name(folder.name) for folder in folders):
        named = f" but {', '.join(folder.name for folder in folders[:5])}" if folders else " with images"
        raise WrongLayout(f"{root} contains no folders{named}; one folder for each person was expected directly in it")
    if len(folders) == 1 and not images_in(folders[0]) and len(sub_folders(folders[0])) > 1:
        what = f"the only person is {folders[0].name}, and the folders inside are cameras"
        found.add("only-person", "warning", what, f"if they are people, name {folders[0]} as the root", count=0)
    return [sample for folder in folders for sample in read_person(folder, "unsplit", found)]


def has_images(folder: Path) -> bool:
    """Return whether there is an image in this folder or below it."""
    return any(images_in(place) for place in _walk(folder))


def read_person(folder: Path, split: Split, found: Findings) -> list[Sample]:
    """Read the images in a person's folder and below it.

    A folder that is not named like a person, and an image whose name carries another identity, is added to `found`.
    """
    samples = []
    for place in _walk(folder):
        images, inside = images_in(place, found), place.relative_to(folder).parts
        is_part = any(is_split_name(name) or name == MOT_FRAMES for name in inside)
        if images and (is_part or not is_person_name(folder.name)):
            what = "folders of images that are named like a part of a dataset, not like a person"
            where = Path(folder.name, *inside).as_posix()
            found.add("not-a-person", "error", what, "rename or move them", where)
            continue
        samples += [
            sample for image in images if (sample := _read_image(image, folder.name, inside, split, found)) is not None
        ]
    return samples


def _read_image(image: Path, person: str, inside: tuple[str, ...], split: Split, found: Findings) -> Sample | None:
    label = full_label(image.stem)
    if label is None:
        return Sample(image, person, camera_in(image.stem) or (inside[0] if inside else ""), split)
    if not _agree(person, label.person_id):
        what = "images whose name carries another identity than their folder"
        advice = "correct the folder, or put all images into one folder to use the identities in their names"
        found.add("other-identity", "error", what, advice, f"{person}/{image.name}")
        return None
    if msmt17_label(image.stem):  # train and test number their identities independently
        return Sample(image, f"train-{person}" if split == "train" else person, label.camera_id, split)
    is_excluded = label.person_id == JUNK or (is_distractor(label.person_id) and split != "unsplit")
    return labeled_sample(image, label if is_excluded else NameLabel(person, label.camera_id), split, found)


def _agree(folder: str, identity: str) -> bool:
    """Return whether one of the numbers in a folder's name is this identity: `0005`, `5` and `person_5` are 0005.

    >>> [_agree(folder, "0005") for folder in ("0005", "person_5", "anna", "0006")]
    [True, True, False, False]
    """
    return identity.lstrip("-0") in {number.lstrip("0") for number in re.findall("[0-9]+", folder)}


def _walk(folder: Path, parents: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Yield a folder and all folders below it; links are followed, except to a folder above."""
    real = os.path.realpath(folder)
    if real not in parents:
        yield folder
        for below in sub_folders(folder):
            yield from _walk(below, parents | {real})
