"""Market-1501, DukeMTMC-reID in the same folders, and one folder of images with such names."""

from collections.abc import Callable
from pathlib import Path

from learning_reid.datasets.file_names import JUNK, NameLabel, duke_label, is_distractor, market_label
from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.listing import find_below, images_in
from learning_reid.datasets.registry import register_dataset
from learning_reid.datasets.sample import Sample, Split

FOLDERS: dict[str, Split] = {"bounding_box_train": "train", "query": "query", "bounding_box_test": "gallery"}
EXPECTED = f"the folders {', '.join(FOLDERS)}"
MARKET_EXAMPLE, DUKE_EXAMPLE = "0002_c1s1_000451_03.jpg", "0005_c2_f0046985.jpg"


def has_market_folders(folder: Path) -> bool:
    """Return whether the three folders of Market-1501 are directly in this one."""
    return all((folder / name).is_dir() for name in FOLDERS)


@register_dataset("market1501", about="Market-1501: bounding_box_train/ query/ bounding_box_test/")
def read_market(root: Path, found: Findings) -> list[Sample]:
    """Read Market-1501 at the root or in a folder below it.

    ::

        bounding_box_train/0002_c1s1_000451_03.jpg    person 0002, camera 1
        query/0001_c1s1_001051_00.jpg
        bounding_box_test/0000_c1s1_000151_01.jpg     0000 = distractor, -1 = junk (left out)
    """
    folder = find_below(root, has_market_folders, EXPECTED, names=("market",))
    if any(duke_label(image.stem) for image in images_in(folder / "query")[:1]):
        raise WrongLayout(f"{folder} has names like {DUKE_EXAMPLE}, which are DukeMTMC-reID's")
    return _read_splits(folder, market_label, MARKET_EXAMPLE, found)


@register_dataset("dukemtmcreid", about="DukeMTMC-reID: withdrawn by its authors; reads a copy that you have")
def read_duke(root: Path, found: Findings) -> list[Sample]:
    """Read DukeMTMC-reID: the folders of Market-1501 with names such as `0005_c2_f0046985.jpg`."""
    folder = find_below(root, has_market_folders, EXPECTED, names=("duke",))
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
    return _read_images(images, "unsplit", market_label, MARKET_EXAMPLE, found)


def _read_splits(
    folder: Path, label_of: Callable[[str], NameLabel | None], example: str, found: Findings
) -> list[Sample]:
    return [
        sample
        for name, split in FOLDERS.items()
        for sample in _read_images(images_in(folder / name, found), split, label_of, example, found)
    ]


def _read_images(
    images: list[Path], split: Split, label_of: Callable[[str], NameLabel | None], example: str, found: Findings
) -> list[Sample]:
    samples = []
    for image in images:
        where = f"{image.parent.name}/{image.name}"
        label = label_of(image.stem)
        if label is None:
            what = "images left out because their name does not contain identity and camera"
            found.add("wrong-name", "warning", what, f"name them like {example}", where)
        elif label.person_id == JUNK:
            found.add("junk", "note", "junk images (person -1) left out", "as in the dataset's protocol", where)
        elif not is_distractor(label.person_id):
            samples.append(Sample(image, label.person_id, label.camera_id, split))
        elif split in ("train", "query"):
            what = "distractors (person 0000) left out of train and query"
            advice = "number your identities from 0001; 0000 means a distractor of the gallery"
            found.add("misplaced-distractor", "warning", what, advice, where)
        else:
            advice = "they are in the gallery and match no query"
            found.add("distractors", "note", "images of distractors (person 0000)", advice, where)
            samples.append(Sample(image, None, label.camera_id, split))
    return samples
