"""Write an H.264 video that plays in browsers and stays playable if writing is interrupted."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import cv2
import numpy as np

from learning_reid.errors import UserError

_TICK_S = Fraction(1, 1000)  # resolution of presentation times; finer ones would limit the pauses of an MP4 file
BT709 = 1  # the code of ITU-R BT.709 in H.264's color tags


class VideoWriter:
    """A context manager that writes frames to an MP4 file, which is playable however the block ends.

    The first frame determines the size, padded to even numbers as H.264 requires; later frames of another size are
    scaled to fit, with black around them. Until the end the file is called `NAME.part`; a video without frames leaves
    no file.

    Args:
        path: MP4 file to write.
        frames_per_second: Rate of frames that are written without a time.

    Raises:
        UserError: The file cannot be written, for example because the disk is full; it is deleted.

    Example:
        ::

            with VideoWriter("out.mp4", 7) as video:
                video.write(frame.image)
    """

    def __init__(self, path: str | Path, frames_per_second: float) -> None:
        self.path = Path(path)
        self.num_frames = 0
        self._last_tick = -1
        self._temporary = self.path.with_name(self.path.name + ".part")
        self._rate = Fraction(frames_per_second).limit_denominator(1001)
        self._size = (0, 0)  # width, height
        self._failed = False

    def __enter__(self) -> "VideoWriter":
        # "faststart" moves the index to the front, so that a browser can start before it has the whole file
        self._container = av.open(str(self._temporary), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=self._rate)
        return self

    def write(self, image: np.ndarray, time_s: float | None = None) -> None:
        """Add a frame.

        Args:
            image: (height, width, 3) uint8, RGB.
            time_s: Presentation time, seconds after the start; None = the frames follow at the constant rate.
        """
        if not self.num_frames:
            self._start(image.shape[1] + image.shape[1] % 2, image.shape[0] + image.shape[0] % 2)
            self._stream.codec_context.time_base = 1 / self._rate if time_s is None else _TICK_S
        frame = av.VideoFrame.from_ndarray(fit_into(image, self._size), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        frame.time_base = self._stream.codec_context.time_base
        shown_s = self.num_frames / self._rate if time_s is None else Fraction(time_s)
        self._last_tick = frame.pts = max(round(shown_s / frame.time_base), self._last_tick + 1)
        with self._report_errors():
            self._container.mux(self._stream.encode(frame))
        self.num_frames += 1

    def _start(self, width: int, height: int) -> None:
        self._size = self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "yuv420p"  # the only chroma format that every browser plays
        self._stream.options = {"crf": "20", "preset": "veryfast"}
        context = self._stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._failed:
                return
            with self._report_errors():
                if self.num_frames:
                    self._container.mux(self._stream.encode(None))  # flush the encoder
                self._container.close()
                if self.num_frames:
                    os.replace(self._temporary, self.path)
        finally:
            self._temporary.unlink(missing_ok=True)

    @contextmanager
    def _report_errors(self) -> Iterator[None]:
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            self._failed = True
            with suppress(av.FFmpegError, OSError):
                self._container.close()
            raise UserError(
                f"{self.path} cannot be written ({error.strerror}); free some space or choose another folder"
            ) from None


def fit_into(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Center an image in one of another size, scaled down or up only if necessary, with black around it.

    Args:
        image: (height, width, 3) uint8.
        size: (width, height).

    >>> fit_into(np.full((2, 3, 3), 9, np.uint8), (4, 2))[:, :, 0].tolist()
    [[9, 9, 9, 0], [9, 9, 9, 0]]
    """
    (height, width), (new_width, new_height) = image.shape[:2], size
    if not (0 <= new_width - width <= 1 and 0 <= new_height - height <= 1):  # more than the padding to even numbers
        scale = min(new_width / width, new_height / height)
        width, height = max(1, int(width * scale)), max(1, int(height * scale))
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    canvas = np.zeros((new_height, new_width, 3), np.uint8)
    left, top = (new_width - width) // 2, (new_height - height) // 2
    canvas[top : top + height, left : left + width] = image
    return canvas
