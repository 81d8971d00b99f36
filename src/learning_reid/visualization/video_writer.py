"""Write an H.264 video that plays in a browser, frame by frame, and stays playable wherever writing ends."""

import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import cv2
import numpy as np

BT709 = 1  # the code of ITU-R BT.709 in H.264's colour tags


class VideoWriter:
    """A context manager: whatever happens inside, the frames written so far end as a playable file at `path`.

    The first frame gives the size, padded to even numbers as H.264 asks; later frames of another size
    are scaled to fit, with black around. Until the end the file is called `NAME.part`.

    Args:
        path: the MP4 file to write or replace.
        frames_per_second: constant rate.
    """

    def __init__(self, path: str | Path, frames_per_second: float) -> None:
        self.path = Path(path)
        self.frames = 0
        self._part = self.path.with_name(self.path.name + ".part")
        self._rate = Fraction(frames_per_second).limit_denominator(1001)
        self._size = (0, 0)  # width, height

    def __enter__(self) -> "VideoWriter":
        # "faststart" moves the index to the front, so that a browser can start before it has everything
        self._container = av.open(str(self._part), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=self._rate)
        return self

    def write(self, image: np.ndarray) -> None:
        """Add a frame.

        Args:
            image: (height, width, 3) uint8, RGB.
        """
        if not self.frames:
            self._begin(image.shape[1] + image.shape[1] % 2, image.shape[0] + image.shape[0] % 2)
        picture = av.VideoFrame.from_ndarray(fit_into(image, self._size), format="rgb24")
        picture = picture.reformat(format="yuv420p", dst_colorspace="ITU709")
        picture.pts = self.frames
        picture.time_base = 1 / self._rate
        self._container.mux(self._stream.encode(picture))
        self.frames += 1

    def _begin(self, width: int, height: int) -> None:
        self._size = self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "yuv420p"  # the only chroma format that every browser plays
        self._stream.options = {"crf": "20", "preset": "veryfast"}
        context = self._stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.frames:
            self._container.mux(self._stream.encode(None))  # what the encoder still holds back
        self._container.close()
        if self.frames:
            os.replace(self._part, self.path)
        else:
            self._part.unlink(missing_ok=True)


def fit_into(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The whole picture inside one of the given size, scaled only where it must be, with black around.

    Args:
        image: (height, width, 3) uint8.
        size: (width, height).

    >>> fit_into(np.full((2, 3, 3), 9, np.uint8), (4, 2))[:, :, 0].tolist()
    [[9, 9, 9, 0], [9, 9, 9, 0]]
    """
    (height, width), (room_x, room_y) = image.shape[:2], size
    if not (0 <= room_x - width <= 1 and 0 <= room_y - height <= 1):  # more than the padding to even numbers
        scale = min(room_x / width, room_y / height)
        width, height = max(1, int(width * scale)), max(1, int(height * scale))
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    canvas = np.zeros((room_y, room_x, 3), np.uint8)
    left, top = (room_x - width) // 2, (room_y - height) // 2
    canvas[top : top + height, left : left + width] = image
    return canvas
