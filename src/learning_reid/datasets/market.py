"""Market-1501, DukeMTMC-reID in the same folders, and one folder of images with such names."""

from collections.abc import Callable
from pathlib import Path

from learning_reid.datasets.file_names import JUNK, NameLabel, duke_label, is_distractor, market_label
from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.listing import find_below, images_in, sub_folders
from learning_reid.datasets.registry import register_dataset
from learning_reid.datasets.sample import Sample, Split

FOLDERS: dict[str, Split] = {"bounding_box_train": "train", "query": "query", "bounding_box_test": "gallery"}
NEEDED = ("query", "bounding_box_test")  # without the training images it can be evaluated
EXPECTED = f"the folders {', '.join(FOLDERS)}"
MARKET_EXAMPLE, DUKE_EXAMPLE = "0002_c1s1_000451_03.jpg", "0005_c2_f0046985.jpg"


def has_market_folders(folder: Path) -> bool:
    """Return whether the query and the gallery of Market-1501 are directly in this folder."""
    return all((folder / name).is_dir() for name in NEEDED)


def describe_incomplete_market(folder: Path) -> str | None:
    """Return an error message if this folder has one of Market-1501's folders, but not those of an evaluation."""
    if has_market_folders(folder) or not any((folder / name).is_dir() for name in FOLDERS if name != "query"):
        return None
    missing = " and ".join(name for name in NEEDED if not (folder / name).is_dir())
    return (
        f"{folder} has the layout of Market-1501 without {missing}; copy the dataset again, or name one of its folders "
        "as the root to read only that"
    )


@register_dataset("market1501", about="Market-1501: bounding_box_train/ query/ bounding_box_test/")
def read_market(root: Path, found: Findings) -> list[Sample]:
    """Read Market-1501 at the root or in a folder below it.

    ::

        bounding_box_train/0002_c1s1_000451_03.jpg    person 0002, camera 1
        query/0001_c1s1_001051_00.jpg
        bounding_box_test/0000_c1s1_000151_01.jpg     0000 = distractor, -1 = junk (left out)

    `bounding_box_train` may be missing.
    """
    folder = find_below(root, has_market_folders, EXPECTED, ("market",), describe_incomplete_market)
    if any(duke_label(image.stem) for image in images_in(folder / "query")[:1]):
        raise WrongLayout(f"{folder} has names like {DUKE_EXAMPLE}, which are DukeMTMC-reID's")
    return _read_splits(folder, market_label, MARKET_EXAMPLE, found)


@register_dataset("dukemtmcreid", about="DukeMTMC-reID: withdrawn by its authors; reads a copy that you have")
def read_duke(root: Path, found: Findings) -> list[Sample]:
    """Read DukeMTMC-reID: the folders of Market-1501 with names such as `0005_c2_f0046985.jpg`."""
    folder = find_below(root, has_market_folders, EXPECTED, ("duke",), describe_incomplete_market)
    add_withdrawn_note(found)
    return _read_splits(folder, duke_label, DUKE_EXAMPLE, found)


def add_withdrawn_note(found: Findings) -> None:
    """Note that the DukeMTMC datasets were withdrawn."""
    found.add(
        "withdrawn",
        "note",
        "DukeMTMC was withdrawn by its authors in 2019, because the people in it had not consented",
        "use it at most to check the results of old papers, not for new work",
        count=0,
    )


@register_dataset("folder", about="one folder of images named like 0002_c1s1_000451_03.jpg")
def read_folder(root: Path, found: Findings) -> list[Sample]:
    """Read one folder of images with names of Market-1501, without splits."""
    images = images_in(root, found)
    if not images:
        raise WrongLayout(f"no images directly in {root}, where files like {MARKET_EXAMPLE} were expected")
    for folder in sub_folders(root):
        if images_in(folder):
            what = "folders beside the images that are not read"
            found.add("folder-beside", "warning", what, "move their images up, or name such a folder", folder.name)
    return read_images(images, "unsplit", market_label, found)


def _read_splits(
    folder: Path, label_of: Callable[[str], NameLabel | None], example: str, found: Findings
) -> list[Sample]:
    if not (folder / "bounding_box_train").is_dir():
        advice = "query and gallery are enough to evaluate; to train, add it"
        found.add("no-train", "note", "there is no bounding_box_train", advice, count=0)
    return [
        sample
        for name, split in FOLDERS.items()
        if (folder / name).is_dir()
        for sample in read_images(images_in(folder / name, found), split, label_of, found, example)
    ]


def read_images(
    images: list[Path],
    split: Split,
    label_of: Callable[[str], NameLabel | None],
    found: Findings,
    example: str = MARKET_EXAMPLE,
) -> list[Sample]:
    """Read the labels in the names of images; those without a label, and junk, are left out and added to `found`."""
    samples = []
    for image in images:
        label = label_of(image.stem)
        if label is None:
            what = "images left out because their name does not contain identity and camera"
            where = f"{image.parent.name}/{image.name}"
            found.add("wrong-name", "warning", what, f"name them like {example}", where)
        elif (sample := labeled_sample(image, label, split, found)) is not None:
            samples.append(sample)
    return samples


def labeled_sample(image: Path, label: NameLabel, split: Split, found: Findings) -> Sample | None:
    """Return the sample of an image with this label; None for junk, and for a distractor outside the gallery."""
    where = f"{image.parent.name}/{image.name}"
    if label.person_id == JUNK:
        found.add("junk", "note", "junk images (person -1) left out", "as in the dataset's protocol", where)
        return None
    if not is_distractor(label.person_id):
        return Sample(image, label.person_id, label.camera_id, split)
    if split in ("train", "query"):
        what = "distractors (person 0000) left out of train and query"
        advice = "number your identities from 0001; 0000 means a distractor of the gallery"
        found.add("misplaced-distractor", "warning", what, advice, where)
        return None
    advice = "they are in the gallery and match no query"
    found.add("distractors", "note", "images of distractors (person 0000)", advice, where)
    return Sample(image, None, label.camera_id, split)
