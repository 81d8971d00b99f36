"""What is wrong with a data set, before a figure is computed from it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from learning_reid.datasets.check_files import check_files
from learning_reid.datasets.check_identities import check_people, check_roles
from learning_reid.datasets.findings import Finding, Findings
from learning_reid.datasets.recognise import ANYTHING, layouts_at
from learning_reid.datasets.layouts import recognize_dataset, read_samples
from learning_reid.datasets.sample import Sample, Split
from learning_reid.datasets.identity_split import camera_ids

SPLITS: tuple[Split, ...] = ("train", "query", "gallery", "unsplit")


@dataclass(frozen=True)
class Row:
    """The counts of one split."""

    split: str
    pictures: int
    identities: int
    cameras: int
    strangers: int


@dataclass(frozen=True)
class Report:
    """What the doctor says.

    Attributes:
        root: what was looked at.
        dataset: its layout.
        guessed: whether the layout was recognised rather than named.
        others: further layouts that it could be.
        rows: a row for each split that has samples, and one for all together.
        cameras: their ids.
        findings: the gravest first.
    """

    root: Path
    dataset: str
    guessed: bool
    others: tuple[str, ...]
    rows: tuple[Row, ...]
    cameras: tuple[str, ...]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """For a JSON file."""
        return asdict(self) | {"root": str(self.root)}


def examine(root: Path, dataset: str | None = None, progress: bool = True) -> Report:
    """Read a data set and everything in it.

    Args:
        root: as `open_dataset` takes it.
        dataset: its layout; without it, the one that is recognised.
        progress: show bars where something takes longer than two seconds.

    Raises:
        UserError: there is nothing to look at, or no known layout.
    """
    name = dataset or recognize_dataset(root)
    found = Findings()
    samples = read_samples(name, root, found)
    if samples:
        check_people(samples, found)
        check_roles(samples, found)
        check_files(samples, found, progress)
    rows = [_row(split, [sample for sample in samples if sample.split == split]) for split in SPLITS]
    rows = [row for row in rows if row.pictures] + [_row("all", samples)]
    others = () if dataset else tuple(other for other in layouts_at(root) if other not in (name, ANYTHING))
    return Report(root, name, dataset is None, others, tuple(rows), tuple(camera_ids(samples)), tuple(found))


def _row(split: str, samples: Sequence[Sample]) -> Row:
    people = {sample.person_id for sample in samples if sample.person_id is not None}
    strangers = sum(sample.person_id is None for sample in samples)
    return Row(split, len(samples), len(people), len({sample.camera_id for sample in samples}), strangers)
