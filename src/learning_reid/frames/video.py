"""A video file as frames, through PyAV: every frame in the order it is shown, upright, the same each time.

PyAV rather than OpenCV, because OpenCV ends quietly where a file is damaged, and FFmpeg's own errors say that it was.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame, Truth, as_rate

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".wmv", ".flv", ".3gp")
EARLY_END = 0.95  # a file whose last frame lies before this share of its declared length ends early


class VideoFile:
    """The frames of a video, decoded one after another.

    A damaged frame leaves a gap in the indices and a line in `skipped`; so does a file that ends before it should.

    Args:
        file: An existing file.
        max_frames: Stop after so many frames.
        every: Give every n-th of them only; the others are decoded, which must be, and not made a picture of.

    Raises:
        UserError: The file is no video, or (while iterating) not one frame of it can be decoded.
    """

    def __init__(self, file: Path, max_frames: int | None = None, every: int = 1) -> None:
        self.file = file
        self.skipped: list[str] = []
        self.truth: Truth | None = None
        self._max_frames, self._every = max_frames, every
        with _open(file) as container:
            stream = container.streams.video[0]
            rate = stream.average_rate or stream.guessed_rate
            self.frames_per_second = as_rate(rate and float(rate))
            # Matroska and MPEG do not say how many frames they hold: counting packets reads the file, decodes nothing
            self._frames_declared = stream.frames
            self._frames_at_most = stream.frames or sum(1 for _ in _packets(container, stream))

    def __len__(self) -> int:
        return min(self._frames_at_most, self._max_frames or self._frames_at_most)

    def __iter__(self) -> Iterator[Frame]:
        self.skipped = []
        return self._frames()

    def at(self, index: int) -> Frame:
        """The frame of this index: decoded from the key frame before it, where the file can be sought in.

        Raises:
            UserError: the film is shorter, or this frame is damaged.
        """
        picture = self._sought(index) or next(islice(self._pictures(), max(index, 0), None), None)
        if picture is None or index < 0:
            raise UserError(f"{self.file} has no frame {index} that can be decoded")
        return Frame(index, f"{self.file.name}#{index}", _upright(picture))

    @cached_property
    def _times(self) -> list[int]:
        """When each frame is shown, in the stream's own ticks, in that order; empty where the file does not say it."""
        with _open(self.file) as container:
            stream = container.streams.video[0]
            times = [packet.pts for packet in _packets(container, stream) if not packet.is_discard]
        known = sorted(time for time in times if time is not None)
        return known if len(set(known)) == len(times) else []

    def _sought(self, index: int) -> VideoFrame | None:
        """The frame, found by its time; None where that cannot be done (MPEG programme streams are sought by guess)."""
        if not 0 <= index < len(self._times):
            return None
        time = self._times[index]
        with _open(self.file) as container:
            stream = container.streams.video[0]
            container.seek(time, stream=stream)  # to the last key frame that is shown no later
            packets: Iterator[av.Packet | None] = chain(_packets(container, stream), [None])
            pictures = (picture for packet in packets for picture in _decode(stream, packet) if picture is not None)
            first = next((picture for picture in pictures if picture.pts is None or picture.pts >= time), None)
        return first if first is not None and first.pts == time else None

    def _frames(self) -> Iterator[Frame]:
        decoded = 0
        for index, picture in enumerate(self._pictures()):
            if self._max_frames is not None and index >= self._max_frames:
                break
            if picture is None:
                self.skipped.append(f"{self.file.name}: frame {index} is damaged")
                continue
            decoded += 1
            if index % self._every == 0:
                yield Frame(index, f"{self.file.name}#{index}", _upright(picture))
        if not decoded:
            raise UserError(
                f"not one frame of the video {self.file} can be decoded; copy it again or convert it to H.264 .mp4"
            )

    def _pictures(self) -> Iterator[VideoFrame | None]:
        """What the decoder gives, in the order of display; None for a frame that is damaged."""
        packets, reached_s = 0, 0.0
        with _open(self.file) as container:
            stream = container.streams.video[0]
            for packet in _packets(container, stream):
                packets += 1
                if packet.pts is not None and packet.time_base is not None:
                    reached_s = max(reached_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                yield from _decode(stream, packet)
            yield from _decode(stream, None)  # the frames the decoder still holds back
            start_s, length_s = (
                float(Fraction(value or 0, av.time_base)) for value in (container.start_time, container.duration)
            )
        if packets < self._frames_declared:
            self.skipped.append(f"{self.file.name}: ends early, {packets} of {self._frames_declared} frames are there")
        elif not self._frames_declared and reached_s - start_s < EARLY_END * length_s:
            self.skipped.append(f"{self.file.name}: ends early, after {reached_s - start_s:.1f} of {length_s:.1f} s")


def _open(file: Path) -> InputContainer:
    try:
        container = av.open(str(file))
    except (av.FFmpegError, OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise UserError(
            f"cannot read {file} as a video ({reason}); copy it again or convert it to H.264 .mp4"
        ) from None
    if not container.streams.video:
        container.close()
        raise UserError(f"{file} holds no pictures (sound only?); name a video or a folder of pictures")
    return container


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[av.Packet]:
    """The stream's packets up to the end of the file, or to where it can no longer be read."""
    try:
        yield from (packet for packet in container.demux(stream) if packet.size)  # the last, empty packet only flushes
    except av.FFmpegError:
        return


def _decode(stream: VideoStream, packet: av.Packet | None) -> list[VideoFrame | None]:
    try:
        pictures = stream.codec_context.decode(packet)
    except av.FFmpegError:
        return [None]
    return [None if picture.is_corrupt else picture for picture in pictures]


def _upright(picture: VideoFrame) -> np.ndarray:
    """(height, width, 3) uint8 RGB, turned as the file's rotation mark asks (phones film sideways and set it)."""
    image = picture.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(image, round(picture.rotation / 90)))
