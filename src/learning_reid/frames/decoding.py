"""Open a video with PyAV, decode its packets, and time its frames.

PyAV rather than OpenCV, because OpenCV silently ends at a damaged part of the file and FFmpeg reports an error.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from learning_reid.errors import UserError, hide_credentials
from learning_reid.frames.frame import DEFAULT_FRAME_RATE

_MAX_TIME_S = 10 * 365 * 86_400  # damaged timestamps are later
CONNECT_TIMEOUT_S = READ_TIMEOUT_S = 10.0
_OPTIONS = {"rtsp_transport": "tcp"}  # UDP loses packets, and many routers block it

Decoded = av.VideoFrame | None  # None = damaged


def open_video(address: str, advice: str) -> InputContainer:
    """Open a video file or a network stream.

    Args:
        address: A path or an address.
        advice: What to do if it cannot be opened.

    Raises:
        UserError: It cannot be opened, or it has no video that can be decoded.
    """
    options = _OPTIONS if address.startswith("rtsp") else {}
    try:
        container = av.open(address, options=options, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S))
    except (av.FFmpegError, OSError, ValueError) as error:
        is_late = isinstance(error, av.error.ExitError)
        reason = f"no answer for {CONNECT_TIMEOUT_S:g} s" if is_late else getattr(error, "strerror", None) or error
        raise UserError(f"cannot read {address} as a video ({reason}); {advice}") from None
    if not container.streams.video:
        container.close()
        raise UserError(f"{address} contains no images (only sound?); give a video or a folder of images")
    if video_stream(container).codec_context is None:
        container.close()
        raise UserError(f"{address} has an unknown video codec or is damaged; {advice}")
    return container


def video_stream(container: InputContainer) -> VideoStream:
    """Return the stream that FFmpeg would show, which is not the cover image."""
    best = container.streams.best("video")
    return best if isinstance(best, VideoStream) else container.streams.video[0]


def read_packets(container: InputContainer, stream: VideoStream) -> Iterator[av.Packet]:
    """Yield the stream's packets up to the end of the readable part."""
    with suppress(av.FFmpegError):
        yield from (packet for packet in container.demux(stream) if packet.size)  # the last packet is empty: a flush


def decode_packet(stream: VideoStream, packet: av.Packet | None) -> list[Decoded]:
    """Decode a packet; with None, return the frames that the decoder still has."""
    try:
        frames = stream.codec_context.decode(packet)
    except av.FFmpegError:
        return [None]
    return [None if frame.is_corrupt else frame for frame in frames]


class FrameTimes:
    """The presentation times of decoded frames, in seconds after the start.

    Args:
        name: Of the video, for the note on frames without a timestamp.
        start: Timestamp of the start; None = that of the first frame.
        tick_s: Unit of the timestamps.
        frames_per_second: Rate of frames without a timestamp.
    """

    def __init__(self, name: str, start: int | None, tick_s: Fraction | None, frames_per_second: float | None) -> None:
        self.start = start
        self._name, self._tick_s = name, tick_s
        self._step_s = 1 / (frames_per_second or DEFAULT_FRAME_RATE)
        self._is_noted = False

    def stated(self, decoded: av.VideoFrame) -> float | None:
        """Return the time of a frame; None if the file does not state a possible one."""
        if decoded.pts is None or self.start is None or self._tick_s is None:
            return None
        time_s = round(float((decoded.pts - self.start) * self._tick_s), 6)
        return time_s if 0 <= time_s <= _MAX_TIME_S else None

    def of_all(self, frames: Iterable[Decoded]) -> Iterator[tuple[Decoded, float]]:
        """Yield each frame of a video with its time; times increase, and missing ones follow at the frame rate."""
        last_index, last_s = -1, -self._step_s
        for index, decoded in enumerate(frames):
            if decoded is not None:
                if self.start is None:
                    self.start = decoded.pts
                time_s = self.stated(decoded)
                if time_s is None or time_s <= last_s:
                    self._note_missing()
                    time_s = round(last_s + (index - last_index) * self._step_s, 6)
                last_index, last_s = index, time_s
            yield decoded, last_s

    def _note_missing(self) -> None:
        if not self._is_noted:
            self._is_noted = True
            text = "note: %s lacks timestamps or has them out of order; such frames follow at %g frames per second"
            logging.getLogger(__name__).warning(text, hide_credentials(self._name), 1 / self._step_s)
