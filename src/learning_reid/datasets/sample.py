"""One labelled crop, and a set of them: what every reader of this folder gives, whatever the layout on disk."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Split = Literal["train", "query", "gallery", "unsplit"]


@dataclass(frozen=True)
class Sample:
    """One picture of one person.

    Attributes:
        path: the picture; with `box_xyxy` the frame that it is cut from.
        person_id: who it is, as the data set writes it; None for a distractor, a stranger whom nobody asks for.
        camera_id: which camera took it, as the data set writes it; "" where nobody says.
        split: what it is for; "unsplit" where the data set does not say.
        box_xyxy: the part of the frame that shows the person, pixels; None: the whole picture.
    """

    path: Path
    person_id: str | None
    camera_id: str
    split: Split = "unsplit"
    box_xyxy: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class LabelledCrops:
    """All usable samples of one data set.

    Attributes:
        name: of the layout, as `--dataset` takes it.
        root: the folder (or file) that was read.
        samples: in a fixed order.
        notes: what a reader should be told once, such as what was left out and why.
    """

    name: str
    root: Path
    samples: Sequence[Sample]
    notes: Sequence[str] = field(default=())

    def of(self, split: Split) -> list[Sample]:
        """The samples of one split."""
        return [sample for sample in self.samples if sample.split == split]
