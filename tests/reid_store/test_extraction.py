"""Filling a store: everything once, nothing half, other networks beside the first, and what contradicts is refused."""

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.extraction import FRAMES_AT_ONCE, Source, extract
from reid_store.database import write_lock, open_store, database_errors
from reid_store.retention import delete_older
from reid_store.schema import Camera, Detection, Embedding, Model, Recording, StoredFrame
from tests.learning_reid.frames.video_making import make_video
from tests.reid_store.conftest import PEOPLE, models_for

Footage = Callable[[str, int], Path]
FRAMES = 2 * FRAMES_AT_ONCE + 3


def contents(engine: Engine) -> list[tuple[object, ...]]:
    """All that is stored, ids apart, in an order of its own."""
    query = (
        select(
            Camera.name, Recording.source, StoredFrame.index, StoredFrame.time_s, Detection.number, Detection.x1,
            Detection.y2, Detection.score, Detection.thumbnail, Embedding.reid_embedding,
        )
        .select_from(StoredFrame)
        .join(Recording).join(Camera)
        .join(Detection, Detection.frame_id == StoredFrame.id)
        .join(Embedding, Embedding.detection_id == Detection.id)
        .order_by(Camera.name, StoredFrame.index, Detection.number, Embedding.model_id)
    )  # fmt: skip
    with Session(engine) as session:
        return [(*row[:-1], np.asarray(row[-1], np.float32).tobytes()) for row in session.execute(query)]


def count(engine: Engine, table: type) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_everything_is_stored_and_a_second_run_adds_nothing(engine: Engine, footage: Footage) -> None:
    source = Source(str(footage("a", FRAMES)), "door", 1000.0, 2.0)
    done = extract(engine, source, models_for(engine))
    assert (done.frames, done.detections, done.embeddings) == (FRAMES, FRAMES * PEOPLE, 0)
    rows = contents(engine)
    assert len(rows) == FRAMES * PEOPLE and rows[-1][:4] == ("door", source.key, FRAMES - 1, 1000 + (FRAMES - 1) / 2)
    assert isinstance(rows[0][8], bytes) and rows[0][8][:2] == b"\xff\xd8", "a JPEG file"
    again = extract(engine, source, models_for(engine))
    assert (again.frames, again.detections, again.embeddings) == (0, 0, 0) and contents(engine) == rows


def test_what_was_broken_off_goes_on(engine: Engine, footage: Footage) -> None:
    source, passed = Source(str(footage("a", FRAMES)), "door", 0.0), []
    first = extract(engine, source, models_for(engine), passed.append, stop=lambda: len(passed) >= 5)
    second = extract(engine, source, models_for(engine))
    assert first.frames == 5 and first.frames + second.frames == FRAMES == count(engine, StoredFrame)


def test_only_new_frames_are_looked_at(engine: Engine, footage: Footage) -> None:
    folder, crew = footage("a", FRAMES), models_for(engine)
    extract(engine, Source(str(folder), "door", 0.0), crew)
    for number in range(3):
        (folder / f"frame_9{number:03d}.png").write_bytes((folder / "frame_0000.png").read_bytes())
    looked: list[int] = []
    find = crew.detector
    object.__setattr__(crew, "detector", lambda frame: (looked.append(frame.index), find(frame))[1])
    assert extract(engine, Source(str(folder), "door", 0.0), crew).frames == 3 and looked == [
        FRAMES + n for n in range(3)
    ]


def test_vectors_of_another_network_lie_beside_the_first(engine: Engine, footage: Footage) -> None:
    source = Source(str(footage("a", 5)), "door", 0.0)
    extract(engine, source, models_for(engine))
    before = contents(engine)
    done = extract(engine, source, models_for(engine, "other", sign=-1))
    assert (done.frames, done.detections, done.embeddings) == (0, 0, 5 * PEOPLE)
    after = contents(engine)
    assert len(after) == 2 * len(before) and set(before) <= set(after)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"starts_s": 7.0}, "another start or frame rate"),
        ({"frames_per_second": 3.0}, "another start or frame rate"),
    ],
)
def test_what_contradicts_is_refused(engine: Engine, footage: Footage, change: dict[str, float], told: str) -> None:
    folder = str(footage("a", 3))
    extract(engine, Source(folder, "door", 0.0, 2.0), models_for(engine))
    asked: dict[str, float] = {"starts_s": 0.0, "frames_per_second": 2.0}
    with pytest.raises(UserError, match=told):
        extract(engine, Source(folder, "door", **(asked | change)), models_for(engine))
    assert count(engine, StoredFrame) == 3


def test_footage_that_has_changed_is_refused_and_nothing_is_added(engine: Engine, footage: Footage) -> None:
    folder = footage("a", 4)
    extract(engine, Source(str(folder), "door"), models_for(engine))
    before = contents(engine)
    (folder / "frame_0000.png").rename(folder / "frame_0009.png")  # as where the oldest frames are deleted
    for name in ("colours", "other"):
        with pytest.raises(UserError, match=r"frame 0 was frame_0000\.png and is now frame_0001\.png"):
            extract(engine, Source(str(folder), "door"), models_for(engine, name))
    assert contents(engine) == before


def test_a_folder_that_is_called_like_a_generated_scene_is_a_folder(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = footage("synthetic footage", 2)
    monkeypatch.chdir(folder.parent)
    assert Source("synthetic footage", "door").key == str(folder) and Source("synthetic:7", "door").key == "synthetic:7"


def test_another_detector_is_refused_and_the_first_is_named(engine: Engine, footage: Footage) -> None:
    source, crew = Source(str(footage("a", 3)), "door"), models_for(engine)
    extract(engine, source, crew)
    other = Model(kind="detector", name="four", weights="f.pt", weights_sha256="f", preprocessing="score", dimension=0)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.add(other)
    with pytest.raises(UserError, match=r"by the detector three \(none\), , and not by four \(f\.pt\), score"):
        extract(engine, source, replace(crew, detector_row=other))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("", 0.0, 1.0), "--camera '': no name"),
        ((" ", 0.0, 1.0), "--camera ' ': no name"),
        (("yard ", 0.0, 1.0), "no name"),
        (("the\nyard", 0.0, 1.0), "no name"),
        (("y" * 65, 0.0, 1.0), "no name; give one of 1 to 64 letters"),
        (("door", -1.0, 1.0), "a --start between the years 1970 and 2500"),
        (("door", 2.5e11, 1.0), "a --start between the years 1970 and 2500"),
        (("door", float("nan"), 1.0), "a --start between"),
        (("door", 0.0, 1e300), r"1e\+300 frames per second; give --fps between 0.001 and 1000"),
        (("door", 0.0, 0.0), "0 frames per second; give --fps"),
        (("door", 0.0, float("nan")), "nan frames per second"),
    ],
)
def test_what_no_footage_can_be_is_refused(arguments: tuple[str, float, float], told: str) -> None:
    with pytest.raises(UserError, match=told):
        Source("yard", *arguments)


def test_a_camera_does_not_see_two_places_at_once(engine: Engine, footage: Footage) -> None:
    one, other = (str(footage(name, 4)) for name in ("a", "bb"))
    extract(engine, Source(one, "door", 0.0, 1.0), models_for(engine))
    with pytest.raises(UserError, match="another recording of that time"):
        extract(engine, Source(other, "door", 3.0, 1.0), models_for(engine))
    extract(engine, Source(other, "door", 4.0, 1.0), models_for(engine))
    extract(engine, Source(other, "gate", 0.0, 1.0), models_for(engine))
    assert count(engine, Camera) == 2 and count(engine, Recording) == 3


def test_a_frame_that_cannot_be_read_is_named_and_left_open(engine: Engine, footage: Footage) -> None:
    folder = footage("a", 4)
    (folder / "frame_0002.png").write_bytes(b"not a picture")
    done = extract(engine, Source(str(folder), "door", 0.0), models_for(engine))
    assert done.frames == 3 and "frame_0002.png" in done.skipped[0]


def test_a_video_whose_end_is_missing_gives_what_is_there(engine: Engine, tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.avi", 60).read_bytes()
    film = tmp_path / "film.avi"
    film.write_bytes(whole[: len(whole) * 3 // 5])
    source = Source(str(film), "door", 0.0)
    done = extract(engine, source, models_for(engine))
    assert 20 < done.frames < 60 and "film.avi" in done.skipped[0]
    film.write_bytes(whole)  # it has been copied again
    rest = extract(engine, source, models_for(engine))
    assert done.frames + rest.frames == 60 and rest.skipped == ()
    assert count(engine, StoredFrame) == 60


def test_the_number_of_a_deleted_detection_is_not_given_again(engine: Engine, footage: Footage) -> None:
    extract(engine, Source(str(footage("a", 3)), "door", 0.0, 1.0), models_for(engine))
    with Session(engine) as session:
        last = session.scalar(select(func.max(Detection.id)))
    delete_older(engine, 1000.0)
    assert count(engine, Detection) == 0
    extract(engine, Source(str(footage("bb", 3)), "door", 1000.0, 1.0), models_for(engine))
    with Session(engine) as session:
        assert session.scalar(select(func.min(Detection.id))) > last


def test_a_full_disk_is_told_and_nothing_is_half(footage: Footage, tmp_path: Path) -> None:
    source, url = Source(str(footage("a", 40)), "door", 0.0, 1.0), f"sqlite:///{tmp_path / 'full.db'}"
    engine = open_store(url)
    crew = models_for(engine)
    with engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))

    def fill(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + 12}")

    engine.dispose()
    event.listen(engine, "connect", fill)
    with (
        pytest.raises(UserError, match="the disk is full; make room and run the same command again"),
        database_errors(url),
    ):
        extract(engine, source, crew)
    event.remove(engine, "connect", fill)
    engine.dispose()
    stored = count(engine, StoredFrame)
    assert stored % FRAMES_AT_ONCE == 0 and count(engine, Detection) == count(engine, Embedding) == stored * PEOPLE
    assert extract(engine, source, crew).frames == 40 - stored > 0
    assert count(engine, StoredFrame) == 40


def test_the_second_writer_is_told_who_holds_it(url: str, engine: Engine) -> None:
    other = open_store(url)
    with write_lock(engine, url), pytest.raises(UserError, match="writing into it"), write_lock(other, url):
        pass
    with write_lock(other, url):
        pass
    other.dispose()


def test_whoever_is_killed_leaves_nothing_half_and_nothing_twice(footage: Footage, tmp_path: Path) -> None:
    source, chance = Source(str(footage("a", 160)), "door", 0.0), random.Random(1)
    url = f"sqlite:///{tmp_path / 'killed.db'}"
    open_store(url).dispose()
    for _ in range(20):
        told, tells = os.pipe()
        child = os.fork()
        if child == 0:
            slowly_extract(url, source, tells)
        os.close(tells)
        for _ in range(chance.randrange(14)):  # frames; eight are a transaction
            os.read(told, 1)
        time.sleep(chance.uniform(0, 0.005))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(told)
    broken, whole = open_store(url), open_store(f"sqlite:///{tmp_path / 'whole.db'}")
    assert count(broken, StoredFrame) > 0, "something was done before the kills"
    for engine in (broken, whole):
        extract(engine, source, models_for(engine))
    assert contents(broken) == contents(whole)
    with broken.connect() as connection:
        assert connection.scalar(text("PRAGMA integrity_check")) == "ok"


def slowly_extract(url: str, source: Source, tells: int) -> NoReturn:
    """Fill a store, a few milliseconds for each frame, and write a byte into a pipe; the process ends with it."""
    try:
        engine = open_store(url)
        crew = models_for(engine)
        find = crew.detector
        object.__setattr__(crew, "detector", lambda frame: (time.sleep(0.002), os.write(tells, b"."), find(frame))[-1])
        extract(engine, source, crew)
    finally:
        os._exit(0)
