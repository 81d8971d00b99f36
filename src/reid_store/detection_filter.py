"""Which stored detections are meant: by camera, by time. Search, timeline and persons all ask in this one way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.schema import Camera, Detection, Embedding, Model, Recording, StoredFrame


@dataclass(frozen=True)
class Where:
    """Which detections are looked at.

    Attributes:
        cameras: names; none named: all.
        from_s, to_s: seconds since 1970 in UTC, both ends counted; None = open.
        not_frame_of: leave out the frame that shows this detection: whoever is asked for stands in it.
    """

    cameras: Sequence[str] = ()
    from_s: float | None = None
    to_s: float | None = None
    not_frame_of: int | None = None


def detections(columns: Sequence[Any], where: Where | None = None) -> Select[Any]:
    """A query over detections with their frame, recording and camera; a row for each that `where` lets through."""
    query: Select[Any] = (
        select(*columns)
        .select_from(Detection)
        .join(StoredFrame, StoredFrame.id == Detection.frame_id)
        .join(Recording, Recording.id == StoredFrame.recording_id)
        .join(Camera, Camera.id == Recording.camera_id)
    )
    where = where or Where()
    if where.cameras:
        query = query.where(Camera.name.in_(where.cameras))
    if where.from_s is not None:
        query = query.where(StoredFrame.time_s >= where.from_s)
    if where.to_s is not None:
        query = query.where(StoredFrame.time_s <= where.to_s)
    if where.not_frame_of is not None:
        own = select(Detection.frame_id).where(Detection.id == where.not_frame_of).scalar_subquery()
        query = query.where(Detection.frame_id != own)
    return query


def described(columns: Sequence[Any], model: Model, where: Where | None = None) -> Select[Any]:
    """Of `detections`, those that a network has described."""
    with_vector = detections(columns, where).join(Embedding, Embedding.detection_id == Detection.id)
    # the number stands in the statement itself: PostgreSQL then sees that the index of this model is meant
    return with_vector.where(Embedding.model_id == bindparam("model", model.id, literal_execute=True))


def check_cameras(session: Session, names: Sequence[str]) -> None:
    """Refuse a camera that the store does not have.

    Raises:
        UserError: which there are.
    """
    known = list(session.scalars(select(Camera.name).order_by(Camera.name)))
    for name in names:
        if name not in known:
            raise UserError(f"the store has no camera {name!r}; it has: {', '.join(known) or 'none'}")
