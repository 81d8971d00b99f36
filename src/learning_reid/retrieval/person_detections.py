"""Detections of people with their embeddings: what the pipeline keeps of the frames."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class PersonDetections:
    """One row per detected person, in frame order; the images are not kept."""

    frame: np.ndarray  #: (n,) int64, ascending, counted from 0 in file order
    detection: np.ndarray  #: (n,) int64, index of the person within the frame, from 0
    boxes_xyxy: np.ndarray  #: (n, 4) float32, pixels
    score: np.ndarray  #: (n,) float32, the detector's confidence
    embeddings: np.ndarray  #: (n, d) float32, unit length
    frames_read: np.ndarray  #: (f,) int64, all frames that were read, also those without a person

    def __len__(self) -> int:
        return len(self.frame)

    def rows_of(self, frame_index: int) -> np.ndarray:
        """Return the rows of one frame, in the order of its detections."""
        return np.flatnonzero(self.frame == frame_index)
