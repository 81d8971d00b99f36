"""Frames → detections → vectors → store. What is stored is never done again, and nothing is half there.

Several frames go into the store in one transaction: their rows, their people and the vectors of these are there
together or not at all. Whoever is killed in between finds the next unfinished frame at the next start.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from learning_reid.detection.crops import cut_crop, cut_people
from learning_reid.detection.detections import Detector
from learning_reid.embedding.embedder import Embedder
from learning_reid.errors import UserError
from learning_reid.frames.frame import FASTEST, SLOWEST, Frame, as_rate
from learning_reid.frames.open_frames import open_frames
from learning_reid.frames.synthetic import is_generated
from reid_store.records import check_name, recording_row
from reid_store.schema import Camera, Detection, Embedding, Model, Recording, StoredFrame
from reid_store.thumbnails import thumbnail

FRAMES_AT_ONCE = 8  # in one transaction
SOME_DAY_S = 946_684_800.0  # 2000-01-01 UTC
LATEST_S = 16_725_225_600.0  # the year 2500: a time that is many frames later can still be written as a date


@dataclass(frozen=True)
class Source:
    """One recording to be stored.

    Attributes:
        path: a folder of frames, a video, or `synthetic:SEED`.
        camera: whose.
        starts_s: the time of its first frame, seconds since 1970 in UTC; that of footage of which nobody knows it.
        frames_per_second: None = the source's own rate.

    Raises:
        UserError: a camera without a name, a time or a rate that no footage has.
    """

    path: str
    camera: str
    starts_s: float = SOME_DAY_S
    frames_per_second: float | None = None

    def __post_init__(self) -> None:
        check_name(self.camera, "--camera")
        if not 0 <= self.starts_s < LATEST_S:
            raise UserError(f"{self.path}: no footage starts then; give a --start between the years 1970 and 2500")
        if self.frames_per_second is not None and as_rate(self.frames_per_second) is None:
            raise UserError(
                f"{self.path}: {self.frames_per_second:g} frames per second; give --fps between {SLOWEST} and {FASTEST}"
            )

    @property
    def key(self) -> str:
        """The same source whichever way it is written."""
        return self.path if is_generated(self.path) else str(Path(self.path).expanduser().resolve())


@dataclass
class Done:
    """What was added."""

    frames: int = 0
    detections: int = 0
    embeddings: int = 0  # of detections that were there before
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Crew:
    """Who looks: the networks, and the rows that stand for them."""

    detector: Detector
    embedder: Embedder
    detector_row: Model
    embedder_row: Model


def extract(
    engine: Engine,
    source: Source,
    crew: Crew,
    progress: Callable[[int], object] = lambda frames: None,
    stop: Callable[[], bool] = lambda: False,
) -> Done:
    """Store what is not stored yet of one recording.

    Args:
        engine: of `open_store`.
        source: the recording.
        crew: the networks, with rows of this store.
        progress: told how many more frames were passed.
        stop: asked after each frame; True ends after what has been begun is stored.

    Raises:
        UserError: the source cannot be read, or is stored already in a way that contradicts.
    """
    frames = open_frames(source.path)
    rate = source.frames_per_second or frames.frames_per_second or 7.0
    with Session(engine) as session, session.begin():
        _refuse_overlap(session, source, source.starts_s + max(len(frames) - 1, 0) / rate)
        recording = recording_row(session, source.camera, source.key, source.starts_s, rate, crew.detector_row).id
    with Session(engine) as session:
        lacking = _without_vectors(session, recording, crew.embedder_row.id)
        names = select(StoredFrame.index, StoredFrame.name).where(StoredFrame.recording_id == recording)
        stored = {index: name for index, name in session.execute(names)}
    done, fresh, old = Done(), [], []
    for frame in frames:
        if frame.index not in stored:
            fresh.append(frame)
        elif stored[frame.index] not in (None, frame.name):
            raise UserError(
                f"{source.path} is not what was stored: frame {frame.index} was {stored[frame.index]} and is now "
                f"{frame.name}; bring the former files back, or keep new ones in a folder of their own"
            )
        elif frame.index in lacking:
            old.append(frame)
        if len(fresh) + len(old) >= FRAMES_AT_ONCE:
            _store(engine, recording, source, rate, crew, fresh, old, lacking, done)
            fresh, old = [], []
        progress(1)
        if stop():
            break
    if fresh or old:
        _store(engine, recording, source, rate, crew, fresh, old, lacking, done)
    done.skipped = tuple(frames.skipped)
    return done


def _store(
    engine: Engine, recording: int, source: Source, rate: float, crew: Crew,
    fresh: Sequence[Frame], old: Sequence[Frame], lacking: dict[int, list[tuple[int, np.ndarray]]], done: Done,
) -> None:  # fmt: skip
    """Look at some frames and store all that is in them, in one transaction."""
    people = [(frame, *person) for frame in fresh for person in cut_people(frame, crew.detector(frame))]
    known = [(detection, cut_crop(frame.image, box)) for frame in old for detection, box in lacking[frame.index]]
    crops = [crop for *_, crop in people] + [crop for _, crop in known if crop is not None]
    vectors = crew.embedder(crops)  # (n, d)
    with Session(engine) as session, session.begin():
        rows = {
            frame.index: StoredFrame(
                recording_id=recording,
                index=frame.index,
                name=frame.name,
                time_s=round(source.starts_s + frame.index / rate, 6),  # so that it is found by its date
            )
            for frame in fresh
        }
        session.add_all(rows.values())
        session.flush()
        numbers: dict[int, int] = defaultdict(int)
        found = []
        for frame, box, score, crop in people:
            x1, y1, x2, y2 = (float(edge) for edge in box)
            found.append(Detection(
                frame_id=rows[frame.index].id, number=numbers[frame.index], x1=x1, y1=y1, x2=x2, y2=y2, score=score,
                thumbnail=thumbnail(crop),
            ))  # fmt: skip
            numbers[frame.index] += 1
        session.add_all(found)
        session.flush()
        ids = [row.id for row in found] + [detection for detection, crop in known if crop is not None]
        session.add_all(
            Embedding(detection_id=detection, model_id=crew.embedder_row.id, reid_embedding=vector)
            for detection, vector in zip(ids, vectors, strict=True)
        )
    done.frames += len(fresh)
    done.detections += len(people)
    done.embeddings += len(ids) - len(people)


def _without_vectors(session: Session, recording: int, model: int) -> dict[int, list[tuple[int, np.ndarray]]]:
    """Of a recording, by frame: stored detections that this network has not described, with their boxes."""
    query = (
        select(StoredFrame.index, Detection.id, Detection.x1, Detection.y1, Detection.x2, Detection.y2)
        .join(Detection, Detection.frame_id == StoredFrame.id)
        .outerjoin(Embedding, (Embedding.detection_id == Detection.id) & (Embedding.model_id == model))
        .where(StoredFrame.recording_id == recording, Embedding.detection_id.is_(None))
        .order_by(Detection.id)
    )
    lacking: dict[int, list[tuple[int, np.ndarray]]] = defaultdict(list)
    for index, detection, *box in session.execute(query):
        lacking[index].append((detection, np.array(box, np.float32)))
    return dict(lacking)


def _refuse_overlap(session: Session, source: Source, ends_s: float) -> None:
    """No camera looks at two places at once: no other recording of it may cover the same time."""
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
