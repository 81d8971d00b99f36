"""Labelled crops by the name of their layout, and the layout by what lies on disk, without loading anything heavy."""

from pathlib import Path

from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.layouts import LAYOUTS
from learning_reid.datasets.listing import sub_folders
from learning_reid.datasets.recognise import layouts_at
from learning_reid.datasets.sample import LabelledCrops, Sample
from learning_reid.datasets.torchreid_names import TORCHREID_SETS
from learning_reid.errors import UserError, did_you_mean


def dataset_names() -> list[str]:
    """All names that `--dataset` takes."""
    return [*LAYOUTS.names(), *TORCHREID_SETS]


def describe_datasets() -> dict[str, str]:
    """One line for each name."""
    return LAYOUTS.describe() | {name: known.title for name, known in TORCHREID_SETS.items()}


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
        lines = "\n".join(f"  {name:<14}{about}" for name, about in LAYOUTS.describe().items())
        raise UserError(f"{root} has none of these layouts; name one with --dataset, or change the folder:\n{lines}")
    return layouts[0]


def _read(dataset: str, root: Path, found: Findings) -> list[Sample]:
    if dataset in TORCHREID_SETS:
        from learning_reid.datasets.torchreid_sets import read_torchreid

        return read_torchreid(dataset, root, found)
    return LAYOUTS.load(dataset)(root, found)


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
