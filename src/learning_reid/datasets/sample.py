"""The data types that every dataset reader returns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Split = Literal["train", "query", "gallery", "unsplit"]


@dataclass(frozen=True)
class Sample:
    """One image of one person."""

    path: Path  #: The crop, or with `box_xyxy` the frame that contains it
    person_id: str | None  #: Identity as written in the dataset; None for a distractor, who is never a query
    camera_id: str  #: Camera as written in the dataset; "" if unknown
    split: Split = "unsplit"  #: The dataset's own split; "unsplit" if it has none
    #: Box of the person in the frame, in pixels; None if the whole image is the crop
    box_xyxy: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class CropDataset:
    """The usable samples of one dataset."""

    name: str  #: The layout, as `--dataset` takes it
    root: Path  #: The folder or file that was read
    samples: Sequence[Sample]  #: In a fixed order
    notes: Sequence[str] = field(default=())  #: Sentences for the user, for example about images that were left out

    def subset(self, split: Split) -> list[Sample]:
        """Return the samples of one split."""
        return [sample for sample in self.samples if sample.split == split]
