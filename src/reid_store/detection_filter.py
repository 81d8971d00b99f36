"""Select stored detections by camera and time; used by search, timeline and identities alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.schema import Camera, Detection, Embedding, Model, Recording, StoredFrame


@dataclass(frozen=True)
class DetectionFilter:
    """Conditions that a detection must meet.

    Attributes:
        cameras: Camera names; empty = all.
        from_s, to_s: Seconds since 1970 in UTC, both inclusive; None = unlimited.
        not_frame_of: A detection whose whole frame is excluded, usually the query.
    """

    cameras: Sequence[str] = ()
    from_s: float | None = None
    to_s: float | None = None
    not_frame_of: int | None = None


def select_detections(columns: Sequence[Any], detection_filter: DetectionFilter | None = None) -> Select[Any]:
    """Build a query over the detections that pass a filter, joined with frame, recording and camera."""
    query: Select[Any] = (
        select(*columns)
        .select_from(Detection)
        .join(StoredFrame, StoredFrame.id == Detection.frame_id)
        .join(Recording, Recording.id == StoredFrame.recording_id)
        .join(Camera, Camera.id == Recording.camera_id)
    )
    conditions = detection_filter or DetectionFilter()
    if conditions.cameras:
        query = query.where(Camera.name.in_(conditions.cameras))
    if conditions.from_s is not None:
        query = query.where(StoredFrame.time_s >= conditions.from_s)
    if conditions.to_s is not None:
        query = query.where(StoredFrame.time_s <= conditions.to_s)
    if conditions.not_frame_of is not None:
        own = select(Detection.frame_id).where(Detection.id == conditions.not_frame_of).scalar_subquery()
        query = query.where(Detection.frame_id != own)
    return query


def select_embedded(
    columns: Sequence[Any], model: Model, detection_filter: DetectionFilter | None = None
) -> Select[Any]:
    """Build the same query for the detections that have an embedding of a network."""
    query = select_detections(columns, detection_filter).join(Embedding, Embedding.detection_id == Detection.id)
    # A literal instead of a parameter lets PostgreSQL use the index of this model.
    return query.where(Embedding.model_id == bindparam("model", model.id, literal_execute=True))


def check_cameras(session: Session, names: Sequence[str]) -> None:
    """Check that the store has all of these cameras.

    Raises:
        UserError: A camera is unknown; the known ones are listed.
    """
    known = list(session.scalars(select(Camera.name).order_by(Camera.name)))
    for name in names:
        if name not in known:
            raise UserError(f"the store has no camera {name!r}; it has: {', '.join(known) or 'none'}")
