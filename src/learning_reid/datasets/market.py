"""Market-1501's layout, DukeMTMC-reID in the same folders, and one folder of pictures with such names."""

from collections.abc import Callable
from pathlib import Path

from learning_reid.datasets.file_names import JUNK, Label, duke_label, is_distractor, market_label
from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.layouts import register_dataset
from learning_reid.datasets.listing import find_below, pictures_in
from learning_reid.datasets.sample import Sample, Split

FOLDERS: dict[str, Split] = {"bounding_box_train": "train", "query": "query", "bounding_box_test": "gallery"}
EXPECTED = f"the folders {', '.join(FOLDERS)}"
MARKET_EXAMPLE, DUKE_EXAMPLE = "0002_c1s1_000451_03.jpg", "0005_c2_f0046985.jpg"


def has_market_folders(folder: Path) -> bool:
    """Whether the three folders of Market-1501 lie directly in this one."""
    return all((folder / name).is_dir() for name in FOLDERS)


@register_dataset("market1501", about="Market-1501: bounding_box_train/ query/ bounding_box_test/")
def read_market(root: Path, found: Findings) -> list[Sample]:
    """Market-1501 at the root or in a folder below it; what must be told goes to `found`.

    Raises:
        UserError: another layout, or a folder that cannot be listed.
    """
    place = find_below(root, has_market_folders, EXPECTED, names=("market",))
    if any(duke_label(picture.stem) for picture in pictures_in(place / "query")[:1]):
        raise WrongLayout(f"{place} has names like {DUKE_EXAMPLE}, which are DukeMTMC-reID's")
    return _splits(place, market_label, MARKET_EXAMPLE, found)


@register_dataset("dukemtmcreid", about="DukeMTMC-reID: withdrawn by its authors; a copy you have is read")
def read_duke(root: Path, found: Findings) -> list[Sample]:
    """A copy of DukeMTMC-reID that the user has.

    Raises:
        UserError: another layout, or a folder that cannot be listed.
    """
    place = find_below(root, has_market_folders, EXPECTED, names=("duke",))
    tell_withdrawn(found)
    return _splits(place, duke_label, DUKE_EXAMPLE, found)


def tell_withdrawn(found: Findings) -> None:
    """Say once what became of the DukeMTMC sets."""
    found.add(
        "withdrawn",
        "note",
        "DukeMTMC was withdrawn by its authors in 2019, because the people in it had not agreed to be in it",
        "use it to check figures of old papers, if at all, and not for new work",
        count=0,
    )


@register_dataset("folder", about="one folder of pictures named like 0002_c1s1_000451_03.jpg")
def read_folder(root: Path, found: Findings) -> list[Sample]:
    """One folder of Market-named pictures, without splits.

    Raises:
        UserError: no pictures there, or a folder that cannot be listed.
    """
    pictures = pictures_in(root, found)
    if not pictures:
        raise WrongLayout(f"no pictures directly in {root}, where files like {MARKET_EXAMPLE} were expected")
    return _labelled(pictures, "unsplit", market_label, MARKET_EXAMPLE, found)


def _splits(place: Path, label_of: Callable[[str], Label | None], example: str, found: Findings) -> list[Sample]:
    return [
        sample
        for name, split in FOLDERS.items()
        for sample in _labelled(pictures_in(place / name, found), split, label_of, example, found)
    ]


def _labelled(
    pictures: list[Path], split: Split, label_of: Callable[[str], Label | None], example: str, found: Findings
) -> list[Sample]:
    samples = []
    for picture in pictures:
        where = f"{picture.parent.name}/{picture.name}"
        label = label_of(picture.stem)
        if label is None:
            found.add(
                "wrong-name",
                "warning",
                "pictures left out because their name does not say who and which camera",
                f"name them like {example}",
                where,
            )
        elif label.person_id == JUNK:
            found.add("junk", "note", "junk pictures (person -1) left out", "as the data set's authors do", where)
        elif is_distractor(label.person_id) and split in ("train", "query"):
            found.add(
                "misplaced-distractor",
                "warning",
                "strangers (person 0000) left out of train and query",
                "number your people from 0001; 0000 stands for strangers in the gallery",
                where,
            )
        else:
            samples.append(_sample(picture, label, split, found))
    return samples


def _sample(picture: Path, label: Label, split: Split, found: Findings) -> Sample:
    if not is_distractor(label.person_id):
        return Sample(picture, label.person_id, label.camera_id, split)
    found.add(
        "distractors",
        "note",
        "pictures of strangers (person 0000)",
        "they answer and are never asked for",
        f"{picture.parent.name}/{picture.name}",
    )
    return Sample(picture, None, label.camera_id, split)
