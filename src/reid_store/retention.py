"""Keep footage for so long and no longer: what is older goes, with its thumbnails and vectors, and its bytes too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, delete, func, select, text
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.schema import Detection, Embedding, Person, Recording, StoredFrame

_SECONDS = {"h": 3600, "d": 86_400, "w": 604_800}
_FORM = re.compile(r"(\d+(?:\.\d+)?)([hdw])")
_READERS_MS = 2000  # how long those who still read old pages are waited for
_REWRITTEN = ("reid_embeddings", "object_detections", "frames", "recordings", "identities")


@dataclass(frozen=True)
class Forgotten:
    """How much was deleted.

    Attributes:
        frames, detections, embeddings: all that was older.
        recordings, persons: of which nothing is left.
        bytes_gone: whether what was deleted can no longer be found in the store's files.
    """

    frames: int
    detections: int
    embeddings: int
    recordings: int
    persons: int
    bytes_gone: bool = True


def parse_duration(words: str) -> float:
    """A length of time in seconds: hours, days or weeks.

    >>> parse_duration("30d"), parse_duration("1.5h")
    (2592000.0, 5400.0)

    Raises:
        UserError: it is none.
    """
    found = _FORM.fullmatch(words.strip().lower())
    if found is None or float(found[1]) == 0:
        raise UserError(f"{words!r} is no length of time; write hours, days or weeks: 12h, 30d, 4w")
    return float(found[1]) * _SECONDS[found[2]]


def forget_older(engine: Engine, before_s: float) -> Forgotten:
    """Delete frames from before a time, with their detections, thumbnails and vectors.

    Recordings of which no frame is left go too, and so do persons of whom nothing is left. Then the store is written
    anew, so that the deleted bytes are not left in its free space. Hold `only_writer` around it.

    Args:
        engine: of `open_store`.
        before_s: seconds since 1970; a frame of just this time stays.
    """
    with Session(engine) as session, session.begin():
        if engine.dialect.name == "sqlite":
            session.execute(text("PRAGMA secure_delete = ON"))
        older = select(StoredFrame.id).where(StoredFrame.time_s < before_s)
        inside = select(Detection.id).where(Detection.frame_id.in_(older))
        frames = _count(session, older)
        detections = _count(session, inside)
        embeddings = _count(session, select(Embedding.model_id).where(Embedding.detection_id.in_(inside)))
        touched = select(Detection.person_id).where(Detection.frame_id.in_(older), Detection.person_id.is_not(None))
        persons = set(session.scalars(touched.distinct()))
        recordings = set(
            session.scalars(select(StoredFrame.recording_id).where(StoredFrame.time_s < before_s).distinct())
        )
        session.execute(
            delete(StoredFrame).where(StoredFrame.time_s < before_s)
        )  # the rest follows by its foreign keys
        recordings -= set(session.scalars(select(StoredFrame.recording_id).distinct()))
        persons -= set(session.scalars(select(Detection.person_id).distinct()))
        for row in recordings:
            session.execute(delete(Recording).where(Recording.id == row))
        for person in persons:
            session.execute(delete(Person).where(Person.id == person))
    gone = _rewrite(engine)
    return Forgotten(frames, detections, embeddings, len(recordings), len(persons), gone)


def _count(session: Session, query: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _rewrite(engine: Engine) -> bool:
    """Write the tables anew; whether nothing of the old ones is left."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"VACUUM FULL {', '.join(_REWRITTEN)}"))
            return True
        connection.execute(text("VACUUM"))
        wait_ms = connection.scalar(text("PRAGMA busy_timeout"))
        connection.execute(text(f"PRAGMA busy_timeout = {_READERS_MS}"))
        busy, *_ = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()  # the journal holds old pages
        connection.execute(text(f"PRAGMA busy_timeout = {wait_ms}"))
        return not busy
