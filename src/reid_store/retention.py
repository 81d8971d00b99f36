"""Delete old frames with their detections, thumbnails and embeddings, and erase their bytes from disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, delete, func, select, text
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.schema import Detection, Embedding, Person, Recording, StoredFrame

_SECONDS = {"h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([hdw])")
_READER_TIMEOUT_MS = 2000  # wait for connections that still read old pages
_REWRITTEN = ("reid_embeddings", "object_detections", "frames", "recordings", "identities")


@dataclass(frozen=True)
class DeletedCounts:
    """What `delete_older` deleted.

    Attributes:
        frames, detections, embeddings: Older ones.
        recordings, persons: Those without any remaining frame or detection.
        erased: False if another connection keeps deleted pages in the journal.
    """

    frames: int
    detections: int
    embeddings: int
    recordings: int
    persons: int
    erased: bool = True


def parse_duration(text: str) -> float:
    """Convert hours, days or weeks to seconds.

    >>> parse_duration("30d"), parse_duration("1.5h")
    (2592000.0, 5400.0)

    Raises:
        UserError: The text is not a duration.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or float(found[1]) == 0:
        raise UserError(f"{text!r} is not a duration; use hours, days or weeks: 12h, 30d, 4w")
    return float(found[1]) * _SECONDS[found[2]]


def delete_older(engine: Engine, before_s: float) -> DeletedCounts:
    """Delete the frames before a time, with their detections, thumbnails and embeddings.

    Recordings without remaining frames and persons whose last detections were deleted are deleted as well. Then the
    tables are rewritten, so that deleted bytes do not stay in free pages. Call it inside `write_lock`.

    Args:
        engine: From `open_store`.
        before_s: Seconds since 1970; a frame at exactly this time is kept.
    """
    old = StoredFrame.time_s < before_s
    with Session(engine) as session, session.begin():
        if engine.dialect.name == "sqlite":
            session.execute(text("PRAGMA secure_delete = ON"))
        old_frames = select(StoredFrame.id).where(old)
        old_detections = select(Detection.id).where(Detection.frame_id.in_(old_frames))
        frames, detections = _count(session, old_frames), _count(session, old_detections)
        embeddings = _count(session, select(Embedding.model_id).where(Embedding.detection_id.in_(old_detections)))
        persons_of = select(Detection.person_id).distinct()
        persons = set(
            session.scalars(persons_of.where(Detection.id.in_(old_detections), Detection.person_id.is_not(None)))
        )
        recordings_of = select(StoredFrame.recording_id).distinct()
        recordings = set(session.scalars(recordings_of.where(old)))
        session.execute(delete(StoredFrame).where(old))  # its foreign keys delete the rest
        recordings -= set(session.scalars(recordings_of))
        persons -= set(session.scalars(persons_of))
        for recording in recordings:
            session.execute(delete(Recording).where(Recording.id == recording))
        for person in persons:
            session.execute(delete(Person).where(Person.id == person))
    erased = _rewrite(engine)
    return DeletedCounts(frames, detections, embeddings, len(recordings), len(persons), erased)


def _count(session: Session, query: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _rewrite(engine: Engine) -> bool:
    """Rewrite the tables; return whether no old page is left."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"VACUUM FULL {', '.join(_REWRITTEN)}"))
            return True
        connection.execute(text("VACUUM"))
        timeout_ms = connection.scalar(text("PRAGMA busy_timeout"))
        connection.execute(text(f"PRAGMA busy_timeout = {_READER_TIMEOUT_MS}"))
        busy, *_ = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()  # the journal has old pages
        connection.execute(text(f"PRAGMA busy_timeout = {timeout_ms}"))
        return not busy
