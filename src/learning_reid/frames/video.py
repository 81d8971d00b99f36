"""A video file as frames, decoded by PyAV: every frame in display order, upright, the same in each iteration.

PyAV rather than OpenCV, because OpenCV silently ends at a damaged part of the file and FFmpeg reports an error.
"""

import logging
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from learning_reid.errors import UserError
from learning_reid.frames.frame import DEFAULT_FRAME_RATE, Frame, parse_frame_rate
from learning_reid.frames.mot import MotTable
from learning_reid.frames.video_geometry import to_displayed_rgb

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".wmv", ".flv", ".3gp")
_MAX_TIME_S = 10 * 365 * 86_400  # damaged timestamps are later
_RATE_TOLERANCE = 0.05  # of a constant rate: timestamps are rounded
_MIN_SHARE_OF_DURATION = 0.95  # a file whose frames cover less of its declared duration was cut off


class VideoFrames:
    """The frames of a video, decoded one after another, with their presentation times.

    A damaged frame leaves a gap in the indices and a line in `skipped`; a file that was cut off also adds a line.

    Args:
        file: An existing file.
        max_frames: Stop after so many frames.
        every: Yield only every n-th frame; the others are decoded but not converted to RGB.

    Raises:
        UserError: The file is not a video; while iterating: no frame can be decoded.
    """

    def __init__(self, file: Path, max_frames: int | None = None, every: int = 1) -> None:
        self.file = file
        self.skipped: list[str] = []
        self.truth: MotTable | None = None
        self._max_frames, self._every = max_frames, every
        self._is_noted = False
        with _open(file) as container:
            stream = _video_stream(container)
            self._start_time, self._time_base = stream.start_time, stream.time_base
            self._aspect_ratio = stream.sample_aspect_ratio
            self._num_declared = self._max_length = stream.frames
            rate = stream.average_rate or stream.guessed_rate
            self.frames_per_second = parse_frame_rate(rate and float(rate))
            if not stream.frames:  # Matroska and MPEG do not store it, and state the highest rate; nothing is decoded
                times = [packet.pts for packet in _packets(container, stream)]
                self._max_length = len(times)
                self.frames_per_second = _average_rate(times, stream.time_base, self.frames_per_second)

    def __len__(self) -> int:
        return min(self._max_length, self._max_frames or self._max_length)

    @property
    def numbers(self) -> range:
        """The frames' numbers in MOT files."""
        return range(1, len(self) + 1)

    def __iter__(self) -> Iterator[Frame]:
        self.skipped = []
        return self._frames()

    def at(self, index: int) -> Frame:
        """Return the frame with this index, decoded from the key frame before it if the file supports seeking.

        Raises:
            UserError: The video is shorter, or this frame is damaged.
        """
        decoded = self._seek(index)
        time_s = None if decoded is None else self._time_s(decoded)
        if decoded is None:
            decoded, time_s = next(islice(self._decoded(), max(index, 0), None), (None, 0.0))
        if decoded is None or index < 0:
            raise UserError(f"{self.file} has no frame {index} that can be decoded")
        return self._to_frame(index, decoded, time_s)

    def _to_frame(self, index: int, decoded: av.VideoFrame, time_s: float | None) -> Frame:
        image = to_displayed_rgb(decoded, self._aspect_ratio)
        return Frame(index, f"{self.file.name}#{index}", image, time_s=time_s)

    @cached_property
    def _times(self) -> list[int]:
        """Sorted presentation times of the frames in stream ticks; empty if the file does not store them all."""
        with _open(self.file) as container:
            stream = _video_stream(container)
            times = [packet.pts for packet in _packets(container, stream) if not packet.is_discard]
        known = sorted(time for time in times if time is not None)
        return known if len(set(known)) == len(times) else []

    def _seek(self, index: int) -> av.VideoFrame | None:
        """Find a frame by its presentation time; None if that fails (seeking in MPEG program streams is inexact)."""
        if not 0 <= index < len(self._times):
            return None
        time = self._times[index]
        with _open(self.file) as container:
            stream = _video_stream(container)
            container.seek(time, stream=stream)  # to the last key frame shown no later
            packets: Iterator[av.Packet | None] = chain(_packets(container, stream), [None])
            decoded = (frame for packet in packets for frame in _decode(stream, packet) if frame is not None)
            first = next((frame for frame in decoded if frame.pts is None or frame.pts >= time), None)
        return first if first is not None and first.pts == time else None

    def _frames(self) -> Iterator[Frame]:
        num_decoded = 0
        for index, (decoded, time_s) in enumerate(self._decoded()):
            if self._max_frames is not None and index >= self._max_frames:
                break
            if decoded is None:
                self.skipped.append(f"{self.file.name}: frame {index} is damaged")
                continue
            num_decoded += 1
            if index % self._every == 0:
                yield self._to_frame(index, decoded, time_s)
        if not num_decoded:
            raise UserError(
                f"no frame of the video {self.file} can be decoded; copy it again or convert it to H.264 .mp4"
            )

    def _decoded(self) -> Iterator[tuple[av.VideoFrame | None, float]]:
        """Yield the decoder's output in display order, None for each damaged frame, with times that increase."""
        step_s = 1 / (self.frames_per_second or DEFAULT_FRAME_RATE)
        last_index, last_s = -1, -step_s
        for index, decoded in enumerate(self._decoder_output()):
            if decoded is not None:
                time_s = self._time_s(decoded)
                if time_s is None or time_s <= last_s:
                    self._note_guessed_times(step_s)
                    time_s = round(last_s + (index - last_index) * step_s, 6)
                last_index, last_s = index, time_s
            yield decoded, last_s

    def _time_s(self, decoded: av.VideoFrame) -> float | None:
        """Return the seconds after the start of the video at which a frame is shown; None if the file does not say."""
        if decoded.pts is None or self._start_time is None or self._time_base is None:
            return None
        time_s = round(float((decoded.pts - self._start_time) * self._time_base), 6)
        return time_s if 0 <= time_s <= _MAX_TIME_S else None

    def _note_guessed_times(self, step_s: float) -> None:
        if not self._is_noted:
            self._is_noted = True
            text = "note: %s lacks timestamps or has them out of order; such frames follow at %g frames per second"
            logging.getLogger(__name__).warning(text, self.file.name, 1 / step_s)

    def _decoder_output(self) -> Iterator[av.VideoFrame | None]:
        num_packets, end_s = 0, 0.0
        with _open(self.file) as container:
            stream = _video_stream(container)
            for packet in _packets(container, stream):
                num_packets += 1
                if packet.pts is not None and packet.time_base is not None:
                    end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                yield from _decode(stream, packet)
            yield from _decode(stream, None)  # flush the decoder
            start_s, duration_s = (
                float(Fraction(value or 0, av.time_base)) for value in (container.start_time, container.duration)
            )
        if num_packets < self._num_declared:
            self.skipped.append(
                f"{self.file.name}: ends early, {num_packets} of {self._num_declared} frames are present"
            )
        elif not self._num_declared and end_s - start_s < _MIN_SHARE_OF_DURATION * duration_s:
            self.skipped.append(f"{self.file.name}: ends early, after {end_s - start_s:.1f} of {duration_s:.1f} s")


def _open(file: Path) -> InputContainer:
    try:
        container = av.open(str(file))
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"cannot read {file} as a video ({reason}); copy it again or convert it to H.264 .mp4"
        ) from None
    if not container.streams.video:
        container.close()
        raise UserError(f"{file} contains no images (only sound?); give a video or a folder of images")
    if _video_stream(container).codec_context is None:
        container.close()
        raise UserError(f"{file} has an unknown video codec or is damaged; convert it to H.264 .mp4 or copy it again")
    return container


def _video_stream(container: InputContainer) -> VideoStream:
    """Return the stream that FFmpeg would show, which is not the cover image."""
    best = container.streams.best("video")
    return best if isinstance(best, VideoStream) else container.streams.video[0]


def _average_rate(times: list[int | None], tick_s: Fraction | None, stated: float | None) -> float | None:
    """Return the average rate of packets in frames per second, or the stated one, which is exact, if they agree."""
    known = [time for time in times if time is not None]
    span_s = float((max(known, default=0) - min(known, default=0)) * (tick_s or 0))
    average = parse_frame_rate((len(known) - 1) / span_s) if span_s > 0 else None
    return stated if average is None or (stated and abs(average / stated - 1) < _RATE_TOLERANCE) else average


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[av.Packet]:
    """Yield the stream's packets up to the end of the readable part."""
    try:
        yield from (packet for packet in container.demux(stream) if packet.size)  # the last packet is empty: a flush
    except av.FFmpegError:
        return


def _decode(stream: VideoStream, packet: av.Packet | None) -> list[av.VideoFrame | None]:
    try:
        frames = stream.codec_context.decode(packet)
    except av.FFmpegError:
        return [None]
    return [None if frame.is_corrupt else frame for frame in frames]
