"""A video file as frames: every frame in display order, upright, the same in each iteration."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

import av
from av.container import InputContainer

from learning_reid.errors import UserError
from learning_reid.frames.decoding import Decoded, FrameTimes, decode_packet, open_video, read_packets, video_stream
from learning_reid.frames.frame import DEFAULT_FRAME_RATE, Frame, parse_frame_rate
from learning_reid.frames.mot import MotTable
from learning_reid.frames.video_geometry import to_displayed_rgb

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".wmv", ".flv", ".3gp")
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
        with self._open() as container:
            stream = video_stream(container)
            self._aspect_ratio = stream.sample_aspect_ratio
            self._num_declared = self._max_length = stream.frames
            rate = stream.average_rate or stream.guessed_rate
            self.frames_per_second = parse_frame_rate(rate and float(rate))
            if not stream.frames:  # Matroska and MPEG do not store it, and state the highest rate; nothing is decoded
                times = [packet.pts for packet in read_packets(container, stream)]
                self._max_length = len(times)
                self.frames_per_second = _average_rate(times, stream.time_base, self.frames_per_second)
            self._times = FrameTimes(file.name, stream.start_time, stream.time_base, self.frames_per_second)

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
        time_s = None if decoded is None else self._times.stated(decoded)
        if decoded is None:
            decoded, time_s = next(islice(self._times.of_all(self._decoder_output()), max(index, 0), None), (None, 0.0))
        if decoded is None or index < 0:
            raise UserError(f"{self.file} has no frame {index} that can be decoded")
        return self._to_frame(index, decoded, time_s)

    def _to_frame(self, index: int, decoded: av.VideoFrame, time_s: float | None) -> Frame:
        image = to_displayed_rgb(decoded, self._aspect_ratio)
        return Frame(index, f"{self.file.name}#{index}", image, time_s=time_s)

    @cached_property
    def _timestamps(self) -> list[int]:
        """Sorted presentation times of the frames in stream ticks; empty if the file does not store them all."""
        with self._open() as container:
            stream = video_stream(container)
            times = [packet.pts for packet in read_packets(container, stream) if not packet.is_discard]
        known = sorted(time for time in times if time is not None)
        return known if len(set(known)) == len(times) else []

    def _seek(self, index: int) -> av.VideoFrame | None:
        """Find a frame by its presentation time; None if that fails (seeking in MPEG program streams is inexact)."""
        if not 0 <= index < len(self._timestamps):
            return None
        time = self._timestamps[index]
        with self._open() as container:
            stream = video_stream(container)
            container.seek(time, stream=stream)  # to the last key frame shown no later
            packets: Iterator[av.Packet | None] = chain(read_packets(container, stream), [None])
            decoded = (frame for packet in packets for frame in decode_packet(stream, packet) if frame is not None)
            first = next((frame for frame in decoded if frame.pts is None or frame.pts >= time), None)
        return first if first is not None and first.pts == time else None

    def _frames(self) -> Iterator[Frame]:
        num_decoded = 0
        for index, (decoded, time_s) in enumerate(self._times.of_all(self._decoder_output())):
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

    def _open(self) -> InputContainer:
        return open_video(str(self.file), "copy it again or convert it to H.264 .mp4")

    def _decoder_output(self) -> Iterator[Decoded]:
        num_packets, end_s, step_s = 0, 0.0, 1 / (self.frames_per_second or DEFAULT_FRAME_RATE)
        with self._open() as container:
            stream = video_stream(container)
            for packet in read_packets(container, stream):
                num_packets += 1
                if packet.pts is not None and packet.time_base is not None:
                    packet_s = float((packet.duration or 0) * packet.time_base) or step_s
                    end_s = max(end_s, float(packet.pts * packet.time_base) + packet_s)
                yield from decode_packet(stream, packet)
            yield from decode_packet(stream, None)  # flush the decoder
            start_s, duration_s = (
                float(Fraction(value or 0, av.time_base)) for value in (container.start_time, container.duration)
            )
        is_short = end_s - start_s < duration_s - step_s / 2  # AVI files also declare the frames that are repeated
        if num_packets < self._num_declared and is_short:
            self.skipped.append(
                f"{self.file.name}: ends early, {num_packets} of {self._num_declared} frames are present"
            )
        elif not self._num_declared and end_s - start_s < _MIN_SHARE_OF_DURATION * duration_s:
            self.skipped.append(f"{self.file.name}: ends early, after {end_s - start_s:.1f} of {duration_s:.1f} s")


def _average_rate(times: list[int | None], tick_s: Fraction | None, stated: float | None) -> float | None:
    """Return the average rate of packets in frames per second, or the stated one, which is exact, if they agree."""
    known = {time for time in times if time is not None}  # a joined file may repeat them
    span_s = float((max(known, default=0) - min(known, default=0)) * (tick_s or 0))
    average = parse_frame_rate((len(known) - 1) / span_s) if span_s > 0 else None
    return stated if average is None or (stated and abs(average / stated - 1) < _RATE_TOLERANCE) else average
