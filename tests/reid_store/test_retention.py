"""What is older goes for good: rows, thumbnails, vectors, and the bytes in the file."""

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
from tests.reid_store.making import START_S, make_store


def counts(engine: Engine) -> dict[str, int]:
    with Session(engine) as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Camera, Recording, StoredFrame, Detection, Embedding, Person)
        }


@pytest.mark.parametrize(
    ("words", "seconds"), [("12h", 43_200), ("30d", 2_592_000), (" 4W ", 2_419_200), ("0.5d", 43_200)]
)
def test_lengths_of_time(words: str, seconds: float) -> None:
    assert parse_duration(words) == seconds


@pytest.mark.parametrize("words", ["", "30", "d", "-3d", "0d", "3 months", "1e3d", "30d; DROP TABLE frames", "٣d x"])
def test_what_is_no_length_of_time_is_told_in_a_line(words: str) -> None:
    with pytest.raises(UserError, match="12h, 30d, 4w") as told:
        parse_duration(words)
    assert "\n" not in str(told.value)


def test_frames_before_the_time_go_and_the_others_stay(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", cameras=1, persons=3, moments=10, models=("one", "two"))
    gone = delete_older(engine, START_S + 4)  # moments 0 to 3; 4 is of just this time
    assert (gone.frames, gone.detections, gone.embeddings) == (4, 12, 24)
    assert (gone.recordings, gone.persons, gone.erased) == (0, 0, True)
    left = counts(engine)
    assert (left["frames"], left["object_detections"], left["reid_embeddings"]) == (6, 18, 36)
    assert left["identities"] == 3 and left["recordings"] == 1
    with Session(engine) as session:
        assert session.scalar(select(func.min(StoredFrame.time_s))) == START_S + 4


def test_recordings_and_persons_of_whom_nothing_is_left_go_too(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", cameras=2, persons=2, moments=10, names=["early", "both"])
    with Session(engine) as session, session.begin():
        early = session.scalars(select(Person.id).where(Person.name == "early")).one()
        late = (
            select(Detection).join(StoredFrame).where(StoredFrame.time_s >= START_S + 10, Detection.person_id == early)
        )
        for detection in session.scalars(late):
            detection.person_id = None
        session.add(Person(name="kept by hand, nothing of it deleted"))
    gone = delete_older(engine, START_S + 10)  # all of camera 1, half of camera 2
    assert (gone.recordings, gone.persons) == (1, 1)
    with Session(engine) as session:
        assert "early" not in list(session.scalars(select(Person.name))) and counts(engine)["identities"] == 2


def test_nothing_older_nothing_deleted(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db")
    before = counts(engine)
    assert delete_older(engine, START_S).frames == 0 and counts(engine) == before


def test_the_bytes_are_no_longer_in_the_files(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    engine = make_store(file, cameras=1, persons=2, moments=6)
    with Session(engine) as session, session.begin():
        first = session.scalars(select(Detection).order_by(Detection.id)).first()
        assert first is not None
        first.thumbnail = secret = b"\xff\xd8 somebody's face " + bytes(range(256)) * 60  # over several pages
        vector = session.scalars(select(Embedding).where(Embedding.detection_id == first.id)).one().reid_embedding
        needles = [secret[:100], secret[5000:5100], vector.tobytes()]
    assert all(needle in in_files(tmp_path) for needle in needles)
    assert delete_older(engine, START_S + 1).erased
    assert not any(needle in in_files(tmp_path) for needle in needles)


def in_files(folder: Path) -> bytes:
    """The store, its journal and whatever lies beside them."""
    return b"".join(part.read_bytes() for part in sorted(folder.glob("a.db*")))


def test_a_reader_that_holds_the_old_pages_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid_store.retention._READERS_MS", 50)
    engine = make_store(tmp_path / "a.db", moments=4)
    reader = made_reader(tmp_path / "a.db")
    try:
        gone = delete_older(engine, START_S + 1)
    finally:
        reader.close()
    assert gone.frames == 1 and not gone.erased
    assert delete_older(engine, START_S + 1).erased


def made_reader(file: Path) -> sqlite3.Connection:
    """A connection that reads, and has not finished."""
    connection = sqlite3.connect(file)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM frames").fetchall()
    return connection


def test_every_table_with_people_in_it_is_written_anew_on_a_server() -> None:
    from reid_store.retention import _REWRITTEN

    assert set(_REWRITTEN) == set(Base.metadata.tables) - {"cameras", "models"}


def test_in_a_file_and_on_a_server(url: str) -> None:
    engine = make_store(url, cameras=2, persons=2, moments=4)
    with write_lock(engine, url):
        gone = delete_older(engine, START_S + 4)
    assert (gone.frames, gone.detections, gone.embeddings, gone.recordings, gone.erased) == (6, 12, 12, 1, True)
    left = counts(engine)
    assert (left["frames"], left["object_detections"], left["reid_embeddings"], left["identities"]) == (2, 4, 4, 2)
    engine.dispose()
