"""Extract detections and embeddings from footage into a store, resumably.

Several frames are written in one transaction: their rows, detections and embeddings are stored together or not at all.
An interrupted extraction therefore resumes at the first frame without a row.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError, hide_credentials
from learning_reid.frames.frame import (
    DEFAULT_FRAME_RATE,
    MAX_FRAME_RATE,
    MIN_FRAME_RATE,
    Frame,
    FrameSource,
    parse_frame_rate,
)
from learning_reid.frames.numbering import frame_positions
from learning_reid.frames.sources import open_frames
from learning_reid.frames.stream import is_stream
from learning_reid.frames.synthetic import is_synthetic
from reid_store.records import check_name, get_detector_row, get_embedder_row, get_recording_row
from reid_store.schema import Camera, Detection, Embedding, Model, Recording, StoredFrame
from reid_store.thumbnails import make_thumbnail

if TYPE_CHECKING:
    from learning_reid.config.schema import DetectorSettings, EmbedderSettings
    from learning_reid.detection.detections import Detector
    from learning_reid.embedding.embedder import Embedder
    from learning_reid.embedding.model_choice import NamedModel

FRAMES_PER_TRANSACTION = 8
DEFAULT_START_S = 946_684_800.0  # 2000-01-01 UTC
MAX_START_S = 16_725_225_600.0  # the year 2500, so that all later frames still have a valid date


@dataclass(frozen=True)
class RecordingSource:
    """A recording to extract.

    Attributes:
        path: A folder of frames, a video, the address of a stream, or `synthetic:SEED`.
        camera: Camera name.
        starts_s: Time of the first frame, seconds since 1970 in UTC; by default the year 2000, for unknown times, which
            for a stream means the moment when `extract` connects.
        frames_per_second: None = the presentation times of a video, or the source's own rate, or 7 if it has none.
        max_frames: Read only the first so many; None = all.
        times_s: Time of each frame, seconds after the first one; None = as described above.

    Raises:
        UserError: The camera name, the time or the rate is not valid.
    """

    path: str
    camera: str
    starts_s: float = DEFAULT_START_S
    frames_per_second: float | None = None
    max_frames: int | None = None
    times_s: Sequence[float] | None = None

    def __post_init__(self) -> None:
        check_name(self.camera, "--camera")
        if not 0 <= self.starts_s < MAX_START_S:
            raise UserError(f"{self.path}: the start time is out of range; use a --start between 1970 and 2500")
        if self.frames_per_second is not None and parse_frame_rate(self.frames_per_second) is None:
            raise UserError(
                f"{self.path}: {self.frames_per_second:g} frames per second; use --fps between {MIN_FRAME_RATE} and "
                f"{MAX_FRAME_RATE}"
            )

    @property
    def key(self) -> str:
        """The absolute path, so that different spellings name the same recording; of a stream, also its start."""
        if is_stream(self.path):
            return f"{hide_credentials(self.path)} {datetime.fromtimestamp(self.starts_s, UTC).isoformat()}"
        return self.path if is_synthetic(self.path) else str(Path(self.path).expanduser().resolve())


@dataclass
class ExtractionCounts:
    """What `extract` added.

    Attributes:
        frames, detections: New ones.
        embeddings: New embeddings of detections that were stored before.
        skipped: One line for each frame that could not be read.
    """

    frames: int = 0
    detections: int = 0
    embeddings: int = 0
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExtractionModels:
    """A detector and an embedder with the rows that identify them in a store; see `register_models`."""

    detector: Detector
    embedder: Embedder
    detector_row: Model
    embedder_row: Model


def register_models(
    engine: Engine,
    detector: Detector,
    embedder: Embedder,
    detector_settings: DetectorSettings,
    embedder_settings: EmbedderSettings | NamedModel,
) -> ExtractionModels:
    """Look up, or add, the rows of two networks in a store.

    Args:
        engine: From `open_store`.
        detector, embedder: The loaded networks.
        detector_settings: Name, weights and minimum score of the detector.
        embedder_settings: Name and weights of the embedder.
    """
    with Session(engine, expire_on_commit=False) as session, session.begin():
        detector_row = get_detector_row(session, detector_settings, detector)
        embedder_row = get_embedder_row(session, embedder_settings, embedder)
    return ExtractionModels(detector, embedder, detector_row, embedder_row)


def extract(
    engine: Engine,
    source: RecordingSource,
    models: ExtractionModels,
    progress: Callable[[int], object] = lambda frames: None,
    stop: Callable[[], bool] = lambda: False,
) -> ExtractionCounts:
    """Detect and embed the people of one recording; frames that are stored already are skipped.

    Args:
        engine: From `open_store`.
        source: The recording.
        models: The networks, from `register_models`.
        progress: Called with the number of frames passed since the last call.
        stop: Called after each frame; True ends the extraction after the current frames are stored.

    Raises:
        UserError: The source cannot be read, or contradicts what is stored.
    """
    frames = open_frames(source.path, source.max_frames)
    if is_stream(source.path) and source.starts_s == DEFAULT_START_S:
        source = replace(source, starts_s=float(round(time.time())))
    clock = FrameClock(source, frames)
    with Session(engine) as session, session.begin():
        _check_overlap(session, source, clock.ends_s)
        recording = get_recording_row(
            session, source.camera, source.key, source.starts_s, clock.frames_per_second, models.detector_row
        ).id
    with Session(engine) as session:
        missing = _without_embeddings(session, recording, models.embedder_row.id)
        query = select(StoredFrame.index, StoredFrame.name, StoredFrame.time_s)
        rows = session.execute(query.where(StoredFrame.recording_id == recording))
        stored = {index: (name, time_s) for index, name, time_s in rows}
    counts, new, known = ExtractionCounts(), [], []
    for frame in frames:
        if frame.index not in stored:
            new.append(frame)
        else:
            _check_unchanged(source, *stored[frame.index], frame, clock.time_s(frame), clock.frames_per_second)
            known += [frame] if frame.index in missing else []
        if len(new) + len(known) >= FRAMES_PER_TRANSACTION:
            _store(engine, recording, clock, models, new, known, missing, counts)
            new, known = [], []
        progress(1)
        if stop():
            break
    if new or known:
        _store(engine, recording, clock, models, new, known, missing, counts)
    counts.skipped = tuple(frames.skipped)
    return counts


class FrameClock:
    """The time of each frame of a recording.

    A frame of a video has its presentation time, and an image the time of its number, so that missing images take time
    too. With a frame rate from the user, presentation times do not count.

    Attributes:
        frames_per_second: The average rate.
        ends_s: Time of the last frame, seconds since 1970.
    """

    def __init__(self, source: RecordingSource, frames: FrameSource) -> None:
        self._starts_s, self._has_own_times = source.starts_s, source.frames_per_second is None
        self.frames_per_second = source.frames_per_second or frames.frames_per_second or DEFAULT_FRAME_RATE
        counted = [position / self.frames_per_second for position in frame_positions(frames.numbers)]
        self._times_s = counted if source.times_s is None else source.times_s
        self.ends_s = source.starts_s + max(self._times_s, default=0.0)

    def time_s(self, frame: Frame) -> float:
        """Return the time of a frame, seconds since 1970, rounded so that a time typed as a date equals it."""
        if frame.time_s is not None and self._has_own_times:
            return round(self._starts_s + frame.time_s, 6)
        is_counted = frame.index < len(self._times_s)
        later_s = self._times_s[frame.index] if is_counted else frame.index / self.frames_per_second
        return round(self._starts_s + later_s, 6)


def _check_unchanged(
    source: RecordingSource, stored_name: str | None, stored_s: float, frame: Frame, time_s: float, rate: float
) -> None:
    """Refuse a source in which a stored frame has another name or time than now."""
    if stored_name not in (None, frame.name):
        raise UserError(
            f"{source.path} has changed since it was stored: frame {frame.index} was {stored_name} and is now "
            f"{frame.name}; restore the earlier files, or put new ones into a separate folder"
        )
    if abs(time_s - stored_s) > 0.5 / rate:
        raise UserError(
            f"{source.path}: frame {frame.index} is stored {abs(time_s - stored_s):.1f} s too "
            f"{'early' if stored_s < time_s else 'late'}, by an earlier version or without images that are there now; "
            "extract it into a new store, or under another --camera"
        )


def _store(
    engine: Engine, recording: int, clock: FrameClock, models: ExtractionModels, new: Sequence[Frame],
    known: Sequence[Frame], missing: dict[int, list[tuple[int, np.ndarray]]], counts: ExtractionCounts,
) -> None:  # fmt: skip
    """Process new frames, and the boxes of known ones that lack embeddings, in one transaction."""
    from learning_reid.detection.crops import crop_detections, crop_image

    people = [(frame, *person) for frame in new for person in crop_detections(frame, models.detector(frame))]
    stored = [(detection, crop_image(frame.image, box)) for frame in known for detection, box in missing[frame.index]]
    crops = [crop for *_, crop in people] + [crop for _, crop in stored if crop is not None]
    embeddings = models.embedder(crops)  # (n, d)
    with Session(engine) as session, session.begin():
        rows = {
            frame.index: StoredFrame(
                recording_id=recording, index=frame.index, name=frame.name, time_s=clock.time_s(frame)
            )
            for frame in new
        }
        session.add_all(rows.values())
        session.flush()
        numbers: dict[int, int] = defaultdict(int)
        detections = []
        for frame, box, score, crop in people:
            x1, y1, x2, y2 = (float(edge) for edge in box)
            detections.append(Detection(
                frame_id=rows[frame.index].id, number=numbers[frame.index], x1=x1, y1=y1, x2=x2, y2=y2, score=score,
                thumbnail=make_thumbnail(crop),
            ))  # fmt: skip
            numbers[frame.index] += 1
        session.add_all(detections)
        session.flush()
        ids = [row.id for row in detections] + [detection for detection, crop in stored if crop is not None]
        session.add_all(
            Embedding(detection_id=detection, model_id=models.embedder_row.id, reid_embedding=embedding)
            for detection, embedding in zip(ids, embeddings, strict=True)
        )
    counts.frames += len(new)
    counts.detections += len(people)
    counts.embeddings += len(ids) - len(people)


def _without_embeddings(session: Session, recording: int, model: int) -> dict[int, list[tuple[int, np.ndarray]]]:
    """Return ids and boxes of a recording's detections that lack an embedding of this model, by frame number."""
    query = (
        select(StoredFrame.index, Detection.id, Detection.x1, Detection.y1, Detection.x2, Detection.y2)
        .join(Detection, Detection.frame_id == StoredFrame.id)
        .outerjoin(Embedding, (Embedding.detection_id == Detection.id) & (Embedding.model_id == model))
        .where(StoredFrame.recording_id == recording, Embedding.detection_id.is_(None))
        .order_by(Detection.id)
    )
    missing: dict[int, list[tuple[int, np.ndarray]]] = defaultdict(list)
    for index, detection, *box in session.execute(query):
        missing[index].append((detection, np.array(box, np.float32)))
    return dict(missing)


def _check_overlap(session: Session, source: RecordingSource, ends_s: float) -> None:
    """Refuse a recording of a time for which the camera has another one."""
    spans = (
        select(Recording.source, func.min(StoredFrame.time_s), func.max(StoredFrame.time_s))
        .join(Camera, Recording.camera_id == Camera.id)
        .join(StoredFrame, StoredFrame.recording_id == Recording.id)
        .where(Camera.name == source.camera, Recording.source != source.key)
        .group_by(Recording.source)
    )
    for other, first, last in session.execute(spans):
        if first <= ends_s and source.starts_s <= last:
            raise UserError(
                f"camera {source.camera} has another recording of that time, {other}; give each camera its own "
                "--camera name, and each recording its own --start"
            )
