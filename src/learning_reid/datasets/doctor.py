"""Check a whole dataset before it is used for evaluation or training."""

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from learning_reid.datasets.check_files import check_files
from learning_reid.datasets.check_identities import check_identities, check_splits
from learning_reid.datasets.findings import Finding, Findings
from learning_reid.datasets.identity_split import camera_ids
from learning_reid.datasets.layouts import FALLBACK, layouts_at, read_samples, recognize_dataset
from learning_reid.datasets.sample import Sample, Split

SPLITS: tuple[Split, ...] = ("train", "query", "gallery", "unsplit")


@dataclass(frozen=True)
class SplitCounts:
    """Counts of one split."""

    split: str
    images: int
    identities: int
    cameras: int
    distractors: int


@dataclass(frozen=True)
class DatasetReport:
    """Counts and problems of a dataset."""

    root: Path  #: The folder or file that was checked
    dataset: str  #: Its layout
    is_recognized: bool  #: Whether the layout was recognized rather than given
    other_layouts: tuple[str, ...]  #: Other layouts that fit
    counts: tuple[SplitCounts, ...]  #: One row for each split that has samples, and a last one for all samples
    cameras: tuple[str, ...]  #: Camera ids
    findings: tuple[Finding, ...]  #: Problems, the most severe first

    def to_dict(self) -> dict[str, Any]:
        """Return the content of the JSON report, whose keys are fixed."""
        columns = ("split", "pictures", "identities", "cameras", "strangers")
        return {
            "root": str(self.root),
            "dataset": self.dataset,
            "guessed": self.is_recognized,
            "others": self.other_layouts,
            "rows": [dict(zip(columns, astuple(row), strict=True)) for row in self.counts],
            "cameras": self.cameras,
            "findings": [asdict(finding) for finding in self.findings],
        }


def check_dataset(root: Path, name: str | None = None, progress: bool = True) -> DatasetReport:
    """Read all labels and open all images of a dataset, and report problems.

    Args:
        root: The dataset's folder, or for "csv" the file.
        name: Its layout; None to recognize it.
        progress: Show progress bars if something takes longer than two seconds.

    Raises:
        UserError: Nothing is there, or no known layout.
    """
    layout = name or recognize_dataset(root)
    found = Findings()
    samples = read_samples(layout, root, found)
    if samples:
        check_identities(samples, found)
        check_splits(samples, found)
        check_files(samples, found, progress)
    counts = [_count(split, [sample for sample in samples if sample.split == split]) for split in SPLITS]
    counts = [row for row in counts if row.images] + [_count("all", samples)]
    others = () if name else tuple(other for other in layouts_at(root) if other not in (layout, FALLBACK))
    return DatasetReport(root, layout, name is None, others, tuple(counts), tuple(camera_ids(samples)), tuple(found))


def _count(split: str, samples: Sequence[Sample]) -> SplitCounts:
    people = {sample.person_id for sample in samples if sample.person_id is not None}
    distractors = sum(sample.person_id is None for sample in samples)
    return SplitCounts(split, len(samples), len(people), len(camera_ids(samples)), distractors)
