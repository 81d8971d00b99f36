"""Look up what a store contains: frames by camera, detections by frame, embedding networks, counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.detection_filter import DetectionFilter, select_detections, select_embedded
from reid_store.records import select_embedders
from reid_store.schema import Camera, Detection, Embedding, Model, Recording, StoredFrame


@dataclass(frozen=True)
class FrameRecord:
    """A stored frame and the location of its image.

    Attributes:
        frame: Its id in the store.
        camera: Camera name.
        source: Its recording: a folder, a video, or `synthetic:SEED`.
        index: Its number in the recording, from 0.
        time_s: Seconds since 1970 in UTC.
    """

    frame: int
    camera: str
    source: str
    index: int
    time_s: float


def read_frames(engine: Engine) -> dict[str, list[FrameRecord]]:
    """Read the stored frames by camera name, each camera's in order of time."""
    query = (
        select(StoredFrame.id, Camera.name, Recording.source, StoredFrame.index, StoredFrame.time_s)
        .join(Recording, Recording.id == StoredFrame.recording_id)
        .join(Camera, Camera.id == Recording.camera_id)
        .order_by(Camera.name, StoredFrame.time_s, StoredFrame.id)
    )
    frames: dict[str, list[FrameRecord]] = {}
    with Session(engine) as session:
        for row in session.execute(query):
            frames.setdefault(row.name, []).append(FrameRecord(*row))
    return frames


def read_frame_detections(engine: Engine, frame: int) -> Sequence[Detection]:
    """Read the detections of a stored frame in order of their number."""
    with Session(engine) as session:
        return session.scalars(select(Detection).where(Detection.frame_id == frame).order_by(Detection.number)).all()


def find_frame(engine: Engine, detection: int) -> int:
    """Return the id of the frame that shows a stored detection.

    Raises:
        UserError: The detection has been deleted.
    """
    with Session(engine) as session:
        if (found := session.get(Detection, detection)) is None:
            raise UserError(f"detection {detection} is no longer in the store; reload the store")
        return found.frame_id


def most_crowded_frame(engine: Engine) -> int | None:
    """Return the id of the frame with the most detections (the first of several), or None in an empty store."""
    with Session(engine) as session:
        query = select(Detection.frame_id).group_by(Detection.frame_id)
        return session.scalar(query.order_by(func.count().desc(), Detection.frame_id).limit(1))


def list_embedders(engine: Engine) -> Sequence[Model]:
    """List the networks whose embeddings are in a store."""
    with Session(engine) as session:
        return session.scalars(select_embedders()).all()


def count_embedded(engine: Engine, model: Model, detection_filter: DetectionFilter | None = None) -> int:
    """Count the detections that have an embedding of a network."""
    query = select_embedded((Detection.id,), model, detection_filter).subquery()
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(query)) or 0


def count_not_embedded(engine: Engine, model: Model, detection_filter: DetectionFilter | None = None) -> dict[str, int]:
    """Count the detections without an embedding of a network by camera name; cameras without any are omitted."""
    own = (Embedding.detection_id == Detection.id) & (Embedding.model_id == model.id)
    query = select_detections((Camera.name, func.count()), detection_filter).outerjoin(Embedding, own)
    query = query.where(Embedding.detection_id.is_(None)).group_by(Camera.name).order_by(Camera.name)
    with Session(engine) as session:
        return {camera: number for camera, number in session.execute(query)}
