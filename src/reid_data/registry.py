"""Labelled crops by the name of their layout, and the layout by what lies on disk, without loading anything heavy."""

from pathlib import Path
from typing import NamedTuple

from src.reid_data.findings import Findings, WrongLayout
from src.reid_data.listing import sub_folders
from src.reid_data.recognise import layouts_at
from src.reid_data.sample import LabelledCrops, Sample
from src.reid_data.torchreid_names import TORCHREID_SETS
from src.settings.errors import UserError, did_you_mean
from src.settings.registry import Registry


class Layout(NamedTuple):
    """What `data list` says of a layout, and what reads it."""

    about: str
    reader: str


LAYOUTS = {
    "market1501": Layout(
        "Market-1501: bounding_box_train/ query/ bounding_box_test/", "src.reid_data.market:read_market"
    ),
    "dukemtmcreid": Layout(
        "DukeMTMC-reID: withdrawn by its authors; a copy you have is read", "src.reid_data.market:read_duke"
    ),
    "msmt17": Layout("MSMT17 (V1 or V2): train/ test/ list_*.txt", "src.reid_data.msmt17:read_msmt17"),
    "cuhk03": Layout("CUHK03, unpacked: images_labeled/ or images_detected/", "src.reid_data.cuhk03:read_cuhk03"),
    "csv": Layout("a table of your own: img_path,person_id[,camera_id][,split]", "src.reid_data.csv_file:read_csv"),
    "folder": Layout("one folder of pictures named like 0002_c1s1_000451_03.jpg", "src.reid_data.market:read_folder"),
    "identities": Layout("one folder for each person", "src.reid_data.identities:read_identities"),
    "mot": Layout("frames with a gt.txt of the MOT challenge", "src.reid_data.mot:read_mot_crops"),
}
READERS: Registry[list[Sample]] = Registry("data set", {name: layout.reader for name, layout in LAYOUTS.items()})


def dataset_names() -> list[str]:
    """All names that `--dataset` takes."""
    return [*LAYOUTS, *TORCHREID_SETS]


def describe_datasets() -> dict[str, str]:
    """One line for each name."""
    ours = {name: layout.about for name, layout in LAYOUTS.items()}
    return ours | {name: known.title for name, known in TORCHREID_SETS.items()}


def open_crops(dataset: str, root: Path) -> LabelledCrops:
    """Read a set of labelled crops; the pictures themselves are not opened.

    Args:
        dataset: one of `dataset_names()`.
        root: its folder, or one above it; for "csv" also the file itself.

    Raises:
        UserError: an unknown name, nothing there, another layout, or labels of which one is wrong.
    """
    found = Findings()
    samples = read_samples(dataset, root, found)
    for finding in found:
        if finding.severity == "error":
            raise UserError(f"{root}: {finding.sentence()}")
    return LabelledCrops(dataset, root, tuple(samples), tuple(finding.sentence() for finding in found))


def read_samples(dataset: str, root: Path, found: Findings) -> list[Sample]:
    """The same, but what is wrong with single pictures or rows goes to `found`, and reading goes on.

    Raises:
        UserError: an unknown name, nothing there, or another layout.
    """
    if dataset not in dataset_names():
        raise UserError(f"unknown data set {dataset!r}: {did_you_mean(dataset, dataset_names())}")
    _check_root(dataset, root)
    try:
        samples = _read(dataset, root, found)
    except WrongLayout as problem:
        raise UserError(f"{problem}{_other(dataset, root)}") from None
    errors = any(finding.severity == "error" for finding in found)
    if not samples and not errors:
        reason = f" ({first.sentence()})" if (first := next(iter(found), None)) else ""
        raise UserError(f"{root} holds no labelled picture of the layout {dataset!r}{reason}{_other(dataset, root)}")
    return samples


def guess_dataset(root: Path) -> str:
    """The name of the layout that lies at the root or in a folder below it.

    Raises:
        UserError: nothing there, or no known layout.
    """
    _check_root("csv", root)
    layouts = layouts_at(root)
    if not layouts and root.is_file():
        raise UserError(f"{root} is a file and no CSV file; name the folder with the pictures, or a CSV file of labels")
    if not layouts:
        lines = "\n".join(f"  {name:<14}{layout.about}" for name, layout in LAYOUTS.items())
        raise UserError(f"{root} has none of these layouts; name one with --dataset, or change the folder:\n{lines}")
    return layouts[0]


def _read(dataset: str, root: Path, found: Findings) -> list[Sample]:
    if dataset in TORCHREID_SETS:
        from src.reid_data.torchreid_sets import read_torchreid

        return read_torchreid(dataset, root, found)
    return READERS.load(dataset)(root, found)


def _check_root(dataset: str, root: Path) -> None:
    if not root.exists():
        raise UserError(f"there is no {root.absolute()}; name the folder with the pictures")
    if root.is_file() and dataset != "csv":
        raise UserError(f"{root} is a file; the layout {dataset!r} needs a folder{_other(dataset, root)}")
    if root.is_dir() and not sub_folders(root) and not any(map(Path.is_file, root.iterdir())):
        raise UserError(f"the folder {root} is empty; copy the pictures there, or name another one")


def _other(dataset: str, root: Path) -> str:
    """The end of a sentence: what the place looks like instead."""
    others = [name for name in layouts_at(root) if name != dataset]
    return f"; it looks like --dataset {others[0]}" if others else ""
