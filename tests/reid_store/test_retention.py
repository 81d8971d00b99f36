"""Delete old rows, thumbnails, embeddings, and their bytes in the file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.database import write_lock
from reid_store.retention import delete_older, parse_duration
from reid_store.schema import Base, Camera, Detection, Embedding, Person, Recording, StoredFrame
from tests.reid_store.fake_store import START_S, make_store


def counts(engine: Engine) -> dict[str, int]:
    with Session(engine) as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Camera, Recording, StoredFrame, Detection, Embedding, Person)
        }


@pytest.mark.parametrize(
    ("words", "seconds"), [("12h", 43_200), ("30d", 2_592_000), (" 4W ", 2_419_200), ("0.5d", 43_200)]
)
def test_parse_duration(words: str, seconds: float) -> None:
    assert parse_duration(words) == seconds


@pytest.mark.parametrize("words", ["", "30", "d", "-3d", "0d", "3 months", "1e3d", "30d; DROP TABLE frames", "٣d x"])
def test_invalid_duration_raises(words: str) -> None:
    with pytest.raises(UserError, match="12h, 30d, 4w") as message:
        parse_duration(words)
    assert "\n" not in str(message.value)


def test_older_frames_are_deleted(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", cameras=1, persons=3, moments=10, models=("one", "two"))
    gone = delete_older(engine, START_S + 4)  # moments 0 to 3; moment 4 is at exactly this time
    assert (gone.frames, gone.detections, gone.embeddings) == (4, 12, 24)
    assert (gone.recordings, gone.persons, gone.erased) == (0, 0, True)
    left = counts(engine)
    assert (left["frames"], left["object_detections"], left["reid_embeddings"]) == (6, 18, 36)
    assert left["identities"] == 3 and left["recordings"] == 1
    with Session(engine) as session:
        assert session.scalar(select(func.min(StoredFrame.time_s))) == START_S + 4


def test_empty_recordings_and_persons_are_deleted(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", cameras=2, persons=2, moments=10, names=["early", "both"])
    with Session(engine) as session, session.begin():
        early = session.scalars(select(Person.id).where(Person.name == "early")).one()
        late = (
            select(Detection).join(StoredFrame).where(StoredFrame.time_s >= START_S + 10, Detection.person_id == early)
        )
        for detection in session.scalars(late):
            detection.person_id = None
        session.add(Person(name="without deleted detections"))
    gone = delete_older(engine, START_S + 10)  # all of camera 1, half of camera 2
    assert (gone.recordings, gone.persons) == (1, 1)
    with Session(engine) as session:
        assert "early" not in list(session.scalars(select(Person.name))) and counts(engine)["identities"] == 2


def test_nothing_older_nothing_deleted(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db")
    before = counts(engine)
    assert delete_older(engine, START_S).frames == 0 and counts(engine) == before


def test_deleted_bytes_are_erased_from_the_files(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    engine = make_store(file, cameras=1, persons=2, moments=6)
    with Session(engine) as session, session.begin():
        first = session.scalars(select(Detection).order_by(Detection.id)).first()
        assert first is not None
        first.thumbnail = secret = b"\xff\xd8 a person's face " + bytes(range(256)) * 60  # over several pages
        vector = session.scalars(select(Embedding).where(Embedding.detection_id == first.id)).one().reid_embedding
        needles = [secret[:100], secret[5000:5100], vector.tobytes()]
    assert all(needle in in_files(tmp_path) for needle in needles)
    assert delete_older(engine, START_S + 1).erased
    assert not any(needle in in_files(tmp_path) for needle in needles)


def in_files(folder: Path) -> bytes:
    """Return the bytes of the store, its journal and all files beside them."""
    return b"".join(part.read_bytes() for part in sorted(folder.glob("a.db*")))


def test_open_reader_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid_store.retention._READER_TIMEOUT_MS", 50)
    engine = make_store(tmp_path / "a.db", moments=4)
    reader = open_reader(tmp_path / "a.db")
    try:
        gone = delete_older(engine, START_S + 1)
    finally:
        reader.close()
    assert gone.frames == 1 and not gone.erased
    assert delete_older(engine, START_S + 1).erased


def open_reader(file: Path) -> sqlite3.Connection:
    """Open a connection with an unfinished read transaction."""
    connection = sqlite3.connect(file)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM frames").fetchall()
    return connection


def test_every_table_with_personal_data_is_rewritten() -> None:
    from reid_store.retention import _REWRITTEN

    assert set(_REWRITTEN) == set(Base.metadata.tables) - {"cameras", "models"}


def test_delete_older_in_file_and_server(url: str) -> None:
    engine = make_store(url, cameras=2, persons=2, moments=4)
    with write_lock(engine, url):
        gone = delete_older(engine, START_S + 4)
    assert (gone.frames, gone.detections, gone.embeddings, gone.recordings, gone.erased) == (6, 12, 12, 1, True)
    left = counts(engine)
    assert (left["frames"], left["object_detections"], left["reid_embeddings"], left["identities"]) == (2, 4, 4, 2)
    engine.dispose()
