"""Everybody who was seen, in the order seen: all that is kept of the frames once they have been looked at."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Sightings:
    """One row for each detected person; the pictures themselves are gone.

    Attributes:
        frame: (n,) int64, never falling, counted from 0 in file order.
        detection: (n,) int64, which person of the frame, from 0.
        boxes_xyxy: (n, 4) float32, pixels.
        score: (n,) float32, the detector's.
        embeddings: (n, d) float32, unit length.
        frames_read: (f,) int64, every frame that was looked at, also those without a person.
    """

    frame: np.ndarray
    detection: np.ndarray
    boxes_xyxy: np.ndarray
    score: np.ndarray
    embeddings: np.ndarray
    frames_read: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)

    def rows_of(self, frame_index: int) -> np.ndarray:
        """The rows of one frame, in the order of its detections."""
        return np.flatnonzero(self.frame == frame_index)
