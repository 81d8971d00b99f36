"""Files of a detector's results, written frame by frame: MOT rows, an annotated video, and crops."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from learning_reid.detection.crops import crop_detections
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame
from learning_reid.frames.mot import MotTable, format_mot
from learning_reid.io.line_writer import LineWriter
from learning_reid.visualization.drawing import SKY, BoxStyle, LabeledBox, draw_boxes
from learning_reid.visualization.video_writer import VideoWriter

if TYPE_CHECKING:
    import supervision as sv

_STYLE = BoxStyle(SKY, 1.0)


class DetectionFiles:
    """A context manager that writes the detections of one frame after another; nothing is kept in memory.

    However the block ends, the files have all frames that were added.

    Args:
        rows: MOT file to write: ``frame,-1,x,y,w,h,score,-1,-1,-1``, in pixels, frames counted from 1.
        video: MP4 file to write with the boxes and their scores, or None.
        crops: Existing folder for the crops, `FRAME_DETECTION.jpg`, or None.
        frames_per_second: Rate of the video, unless the frames have times.

    Attributes:
        path: The MOT file.
        num_frames, num_detections: Added so far.

    Raises:
        UserError: A file cannot be written, for example because the disk is full.

    Example:
        ::

            with DetectionFiles(Path("det.txt")) as files:
                for frame in open_frames("street.mp4"):
                    files.add(frame, detector(frame))
    """

    def __init__(
        self, rows: Path, video: Path | None = None, crops: Path | None = None, frames_per_second: float = 25.0
    ) -> None:
        self.path = rows
        self.num_frames = self.num_detections = 0
        self._rows, self._crops = LineWriter(rows), crops
        self._video = None if video is None else VideoWriter(video, frames_per_second)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._rows)  # first, so that it is completed last: a failed video frees its space
            if self._video is not None:
                stack.enter_context(self._video)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def add(self, frame: Frame, detections: sv.Detections) -> None:
        """Write the detections of a frame."""
        scores = detections.confidence if detections.confidence is not None else np.ones(len(detections))
        number = frame.index + 1 if frame.number is None else frame.number
        self._rows.write(format_mot(_to_table(number, detections.xyxy, scores)))
        self.num_frames += 1
        self.num_detections += len(detections)
        if self._crops is not None:
            for position, (_, _, crop) in enumerate(crop_detections(frame, detections), 1):
                _write_jpeg(self._crops / f"{number:06d}_{position:02d}.jpg", crop)
        if self._video is not None:
            self._video.write(_annotate(frame, number, detections.xyxy, scores), frame.time_s)


def _to_table(number: int, boxes_xyxy: np.ndarray, scores: np.ndarray) -> MotTable:
    """Return boxes (n, 4) and scores (n,) of one frame, numbered from 1, as rows without identities."""
    count = len(boxes_xyxy)
    return MotTable(np.full(count, number - 1), np.full(count, -1), boxes_xyxy, scores)


def _annotate(frame: Frame, number: int, boxes_xyxy: np.ndarray, scores: np.ndarray) -> np.ndarray:
    boxes = [LabeledBox(box, _STYLE, f"{score:.2f}") for box, score in zip(boxes_xyxy, scores, strict=True)]
    return draw_boxes(frame.image, boxes[::-1], f"frame {number}: {len(boxes)} detected")  # the best on top


def _write_jpeg(file: Path, crop: np.ndarray) -> None:
    """Write an RGB crop; a file that was not completed is deleted."""
    _, content = cv2.imencode(".jpg", crop[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    try:
        file.write_bytes(content.tobytes())
    except OSError as error:
        file.unlink(missing_ok=True)
        raise UserError(
            f"{file} cannot be written ({error.strerror or error}); free some space or choose another folder"
        ) from None
