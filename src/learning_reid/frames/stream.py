"""A network stream as frames, such as that of a camera."""

import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from learning_reid.errors import UserError, hide_credentials
from learning_reid.frames.decoding import READ_TIMEOUT_S, Decoded, FrameTimes, decode_packet, open_video, video_stream
from learning_reid.frames.frame import Frame, parse_frame_rate
from learning_reid.frames.mot import MotTable
from learning_reid.frames.video import VideoFrames
from learning_reid.frames.video_geometry import to_displayed_rgb

STREAM_PROTOCOLS = ("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp")
_WITHOUT_TIMESTAMPS = ("mjpeg", "mpjpeg")  # formats for which FFmpeg assumes 25 frames per second
_MAX_PACKETS_TO_KEY_FRAME = 500  # some cameras never send one
_ADDRESS = re.compile(f"(?:{'|'.join(STREAM_PROTOCOLS)})://", re.IGNORECASE)


def is_stream(path: str) -> bool:
    """Return whether a path is the address of a network stream.

    >>> is_stream("rtsp://camera.local/1"), is_stream("street.mp4")
    (True, False)
    """
    return _ADDRESS.match(path) is not None


class StreamFrames:
    """The frames of a network stream, from the key frame after the connection until it ends.

    The first iteration reads the stream as fast as its frames are taken and records it into a temporary file, from
    which later iterations read the same frames. The file is deleted with this object.

    Args:
        address: As FFmpeg takes it, such as `rtsp://user:password@camera.local/1`; the credentials are shown nowhere.
        max_frames: Stop after so many frames; None = when the stream ends or the iteration is left.

    Raises:
        UserError: There is no connection, or no video; while iterating: no frame can be decoded.
    """

    def __init__(self, address: str, max_frames: int | None = None) -> None:
        self.name = hide_credentials(address)
        self.skipped: list[str] = []
        self.truth: MotTable | None = None
        self._address, self._max_frames = address, max_frames
        self._reading: Iterator[Frame] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="learning-reid-")
        with self._open() as container:
            rate = video_stream(container).average_rate or video_stream(container).guessed_rate
            self.frames_per_second = parse_frame_rate(rate and float(rate))

    def __len__(self) -> int:
        """Return the largest number of frames; 0 if unknown."""
        return self._max_frames or 0

    @property
    def numbers(self) -> range:
        """The frames' numbers in MOT files, as far as their number is known."""
        return range(1, len(self) + 1)

    def __iter__(self) -> Iterator[Frame]:
        if self._reading is None:
            self._reading = self._frames()
            return self._reading
        self._reading.close()  # type: ignore[attr-defined]  # completes the recording
        recording = self._recording()
        frames, self.skipped = iter(recording), recording.skipped
        return frames

    def at(self, index: int) -> Frame:
        """Return a frame that was read before.

        Raises:
            UserError: There is no such frame.
        """
        return self._recording().at(index)

    @property
    def _file(self) -> Path:
        return Path(self._folder.name, "stream.nut")

    def _recording(self) -> VideoFrames:
        if not self._file.exists():
            raise UserError(f"no frame of {self.name} was read; read the stream first")
        return VideoFrames(self._file, self._max_frames)

    def _open(self) -> InputContainer:
        return open_video(self._address, "check the address, the password and the network")

    def _frames(self) -> Iterator[Frame]:
        num_decoded = 0
        with self._open() as container, av.open(str(self._file), "w", format="nut") as recording:
            stream = video_stream(container)
            times = FrameTimes(self.name, None, stream.time_base, self.frames_per_second)
            frames = times.of_all(self._record(container, stream, recording))
            for index, (decoded, time_s) in enumerate(frames):
                if index == self._max_frames:
                    break
                if decoded is None:
                    self.skipped.append(f"{self.name}: frame {index} is damaged")
                    continue
                num_decoded += 1
                image = to_displayed_rgb(decoded, stream.sample_aspect_ratio)
                yield Frame(index, f"{self._file.name}#{index}", image, time_s=time_s)
        if not num_decoded:
            raise UserError(f"no frame of {self.name} can be decoded; {'; '.join(self.skipped[:1]) or 'it is empty'}")

    def _record(self, container: InputContainer, stream: VideoStream, recording: OutputContainer) -> Iterator[Decoded]:
        """Decode the stream and write its packets into the recording."""
        copy = recording.add_stream_from_template(stream)
        clock = _PacketClock(has_timestamps=container.format.name not in _WITHOUT_TIMESTAMPS)
        waiting = _MAX_PACKETS_TO_KEY_FRAME
        try:
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                if waiting and not packet.is_keyframe:  # the frames of these packets refer to an earlier one
                    waiting -= 1
                    continue
                waiting = 0
                clock.stamp(packet)
                frames = decode_packet(stream, packet)
                packet.stream = copy
                recording.mux(packet)
                yield from frames
        except av.FFmpegError as error:
            is_late = isinstance(error, av.error.ExitError)
            reason = f"no data for {READ_TIMEOUT_S:g} s" if is_late else error.strerror
            self.skipped.append(f"{self.name}: the stream ended: {reason}")
        yield from decode_packet(stream, None)


class _PacketClock:
    """Gives packets the increasing timestamps that a recording needs, by their arrival if they have none."""

    def __init__(self, has_timestamps: bool) -> None:
        self._has_timestamps, self._start_s = has_timestamps, time.monotonic()
        self._last: int | None = None

    def stamp(self, packet: av.Packet) -> None:
        """Set the timestamps of a packet."""
        if packet.dts is None or packet.pts is None or not self._has_timestamps:
            assert packet.time_base is not None  # a demuxer sets it
            packet.dts = packet.pts = round((time.monotonic() - self._start_s) / packet.time_base)
        if self._last is not None and packet.dts <= self._last:
            packet.dts = self._last + 1
        packet.pts, self._last = max(packet.pts, packet.dts), packet.dts
