"""Extraction: idempotent, transactional, several networks, contradictions raise."""

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
from reid_store.database import database_errors, open_store, write_lock
from reid_store.extraction import FRAMES_PER_TRANSACTION, RecordingSource, extract
from reid_store.retention import delete_older
from reid_store.schema import Camera, Detection, Embedding, Model, Recording, StoredFrame
from reid_store.timeline import render_timeline
from reid_store.timeline_data import read_timeline
from reid_store.timeline_frames import add_frame_images
from tests.learning_reid.frames.stream_server import serve
from tests.learning_reid.frames.video_making import make_video
from tests.reid_store.conftest import NUM_PEOPLE, models_for

Footage = Callable[[str, int], Path]
FRAMES = 2 * FRAMES_PER_TRANSACTION + 3


def contents(engine: Engine) -> list[tuple[object, ...]]:
    """Return everything stored except ids, in a fixed order."""
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
    source = RecordingSource(str(footage("a", FRAMES)), "door", 1000.0, 2.0)
    done = extract(engine, source, models_for(engine))
    assert (done.frames, done.detections, done.embeddings) == (FRAMES, FRAMES * NUM_PEOPLE, 0)
    rows = contents(engine)
    assert len(rows) == FRAMES * NUM_PEOPLE and rows[-1][:4] == (
        "door",
        source.key,
        FRAMES - 1,
        1000 + (FRAMES - 1) / 2,
    )
    assert isinstance(rows[0][8], bytes) and rows[0][8][:2] == b"\xff\xd8", "a JPEG file"
    again = extract(engine, source, models_for(engine))
    assert (again.frames, again.detections, again.embeddings) == (0, 0, 0) and contents(engine) == rows


def test_interrupted_extraction_resumes(engine: Engine, footage: Footage) -> None:
    source, passed = RecordingSource(str(footage("a", FRAMES)), "door", 0.0), []
    first = extract(engine, source, models_for(engine), passed.append, stop=lambda: len(passed) >= 5)
    second = extract(engine, source, models_for(engine))
    assert first.frames == 5 and first.frames + second.frames == FRAMES == count(engine, StoredFrame)


def test_only_new_frames_are_processed(engine: Engine, footage: Footage) -> None:
    folder, models = footage("a", FRAMES), models_for(engine)
    extract(engine, RecordingSource(str(folder), "door", 0.0), models)
    for number in range(3):
        (folder / f"frame_9{number:03d}.png").write_bytes((folder / "frame_0000.png").read_bytes())
    processed: list[int] = []
    detect = models.detector
    object.__setattr__(models, "detector", lambda frame: (processed.append(frame.index), detect(frame))[1])
    assert extract(engine, RecordingSource(str(folder), "door", 0.0), models).frames == 3 and processed == [
        FRAMES + n for n in range(3)
    ]


def test_embeddings_of_another_network_are_added(engine: Engine, footage: Footage) -> None:
    source = RecordingSource(str(footage("a", 5)), "door", 0.0)
    extract(engine, source, models_for(engine))
    before = contents(engine)
    done = extract(engine, source, models_for(engine, "other", sign=-1))
    assert (done.frames, done.detections, done.embeddings) == (0, 0, 5 * NUM_PEOPLE)
    after = contents(engine)
    assert len(after) == 2 * len(before) and set(before) <= set(after)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"starts_s": 7.0}, "another start or frame rate"),
        ({"frames_per_second": 3.0}, "another start or frame rate"),
    ],
)
def test_contradicting_start_or_rate_raises(
    engine: Engine, footage: Footage, change: dict[str, float], message: str
) -> None:
    folder = str(footage("a", 3))
    extract(engine, RecordingSource(folder, "door", 0.0, 2.0), models_for(engine))
    query_id: dict[str, float] = {"starts_s": 0.0, "frames_per_second": 2.0}
    with pytest.raises(UserError, match=message):
        extract(engine, RecordingSource(folder, "door", **(query_id | change)), models_for(engine))
    assert count(engine, StoredFrame) == 3


def frame_times(engine: Engine) -> list[float]:
    with Session(engine) as session:
        return list(session.scalars(select(StoredFrame.time_s).order_by(StoredFrame.index)))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_frames_of_a_video_have_their_presentation_times(engine: Engine, tmp_path: Path, suffix: str) -> None:
    video = make_video(tmp_path / f"motion{suffix}", times_s=[0, 2, 4, 4.1, 20])
    extract(engine, RecordingSource(str(video), "door", 100.0), models_for(engine))
    assert frame_times(engine) == [100, 102, 104, 104.1, 120]
    with pytest.raises(UserError, match="another recording of that time"):
        other = make_video(tmp_path / f"other{suffix}", 3)
        extract(engine, RecordingSource(str(other), "door", 119.0), models_for(engine))


def test_a_frame_rate_of_the_user_replaces_presentation_times(engine: Engine, tmp_path: Path) -> None:
    video = make_video(tmp_path / "motion.mkv", times_s=[0, 2, 4, 4.1])
    extract(engine, RecordingSource(str(video), "door", 100.0, 2.0), models_for(engine))
    assert frame_times(engine) == [100, 100.5, 101, 101.5]


def test_times_of_the_caller_replace_all_others(engine: Engine, footage: Footage) -> None:
    extract(engine, RecordingSource(str(footage("a", 3)), "door", 100.0, 1.0, times_s=[0, 5, 5.5]), models_for(engine))
    assert frame_times(engine) == [100, 105, 105.5]


def test_missing_images_take_time(engine: Engine, footage: Footage) -> None:
    folder = footage("a", 8)
    for number in (2, 3):
        (folder / f"frame_{number:04d}.png").unlink()
    source = RecordingSource(str(folder), "door", 100.0, 1.0)
    extract(engine, source, models_for(engine))
    assert frame_times(engine) == [100, 101, 104, 105, 106, 107]
    with pytest.raises(UserError, match="another recording of that time"):
        extract(engine, RecordingSource(str(footage("bb", 3)), "door", 107.0, 1.0), models_for(engine))


def test_frames_stored_with_other_times_are_not_mixed_with_new_ones(engine: Engine, tmp_path: Path) -> None:
    source = RecordingSource(str(make_video(tmp_path / "motion.mp4", times_s=[0, 2, 4, 4.1, 20])), "door", 100.0)
    extract(engine, replace(source, max_frames=3), models_for(engine))
    with Session(engine) as session, session.begin():
        session.execute(text('UPDATE frames SET time_s = 100 + "index" * 0.2'))  # as version 0.2.0 stored them
    with pytest.raises(UserError, match=r"frame 1 is stored 1\.8 s too early, .* extract it into a new store"):
        extract(engine, source, models_for(engine))
    assert count(engine, StoredFrame) == 3


def test_streams_are_stored_with_the_time_of_day_and_without_credentials(
    engine: Engine, url: str, tmp_path: Path
) -> None:
    with serve(make_video(tmp_path / "walk.ts", 6)) as port:
        source = RecordingSource(f"http://admin:pass%40word@127.0.0.1:{port}/1", "door", max_frames=4)
        before_s = time.time()
        assert extract(engine, source, models_for(engine)).frames == 4
        assert extract(engine, replace(source, starts_s=before_s + 100), models_for(engine)).frames == 4
        with pytest.raises(UserError, match=r"another recording of that time, http://\*\*\*@") as raised:
            extract(engine, replace(source, starts_s=before_s + 100.1), models_for(engine))
    with Session(engine) as session:
        sources = list(session.scalars(select(Recording.source)))
    assert len(sources) == 2 and sources[0].startswith(f"http://***@127.0.0.1:{port}/1 20")
    times = np.array(frame_times(engine))
    assert np.abs(times - before_s).max() < 1000 and "admin" not in str(raised.value)
    page, notes = add_frame_images(engine, read_timeline(engine))
    assert "admin" not in render_timeline(page) and all("was a stream, which is not kept" in note for note in notes)


def test_changed_footage_raises_and_nothing_is_added(engine: Engine, footage: Footage) -> None:
    folder = footage("a", 4)
    extract(engine, RecordingSource(str(folder), "door"), models_for(engine))
    before = contents(engine)
    (folder / "frame_0000.png").rename(folder / "frame_0009.png")  # as if the oldest frames had been deleted
    for name in ("colors", "other"):
        with pytest.raises(UserError, match=r"frame 0 was frame_0000\.png and is now frame_0001\.png"):
            extract(engine, RecordingSource(str(folder), "door"), models_for(engine, name))
    assert contents(engine) == before


def test_folder_named_like_a_synthetic_scene(footage: Footage, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = footage("synthetic footage", 2)
    monkeypatch.chdir(folder.parent)
    assert (
        RecordingSource("synthetic footage", "door").key == str(folder)
        and RecordingSource("synthetic:7", "door").key == "synthetic:7"
    )


def test_other_detector_raises(engine: Engine, footage: Footage) -> None:
    source, models = RecordingSource(str(footage("a", 3)), "door"), models_for(engine)
    extract(engine, source, models)
    other = Model(kind="detector", name="four", weights="f.pt", weights_sha256="f", preprocessing="score", dimension=0)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        session.add(other)
    with pytest.raises(UserError, match=r"with the detector three \(none\), , not with four \(f\.pt\), score"):
        extract(engine, source, replace(models, detector_row=other))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", 0.0, 1.0), "--camera '' is not a valid name"),
        ((" ", 0.0, 1.0), "--camera ' ' is not a valid name"),
        (("yard ", 0.0, 1.0), "not a valid name"),
        (("the\nyard", 0.0, 1.0), "not a valid name"),
        (("y" * 65, 0.0, 1.0), "not a valid name; use 1 to 64 printable characters"),
        (("door", -1.0, 1.0), "a --start between 1970 and 2500"),
        (("door", 2.5e11, 1.0), "a --start between 1970 and 2500"),
        (("door", float("nan"), 1.0), "a --start between"),
        (("door", 0.0, 1e300), r"1e\+300 frames per second; use --fps between 0.001 and 1000"),
        (("door", 0.0, 0.0), "0 frames per second; use --fps"),
        (("door", 0.0, float("nan")), "nan frames per second"),
    ],
)
def test_invalid_source_raises(arguments: tuple[str, float, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        RecordingSource("yard", *arguments)


def test_overlapping_recordings_of_a_camera_raise(engine: Engine, footage: Footage) -> None:
    one, other = (str(footage(name, 4)) for name in ("a", "bb"))
    extract(engine, RecordingSource(one, "door", 0.0, 1.0), models_for(engine))
    with pytest.raises(UserError, match="another recording of that time"):
        extract(engine, RecordingSource(other, "door", 3.0, 1.0), models_for(engine))
    extract(engine, RecordingSource(other, "door", 4.0, 1.0), models_for(engine))
    extract(engine, RecordingSource(other, "gate", 0.0, 1.0), models_for(engine))
    assert count(engine, Camera) == 2 and count(engine, Recording) == 3


def test_unreadable_frame_is_reported_and_stays_missing(engine: Engine, footage: Footage) -> None:
    folder = footage("a", 4)
    (folder / "frame_0002.png").write_bytes(b"not an image")
    done = extract(engine, RecordingSource(str(folder), "door", 0.0), models_for(engine))
    assert done.frames == 3 and "frame_0002.png" in done.skipped[0]


def test_truncated_video_gives_its_readable_frames(engine: Engine, tmp_path: Path) -> None:
    whole = make_video(tmp_path / "whole.avi", 60).read_bytes()
    film = tmp_path / "film.avi"
    film.write_bytes(whole[: len(whole) * 3 // 5])
    source = RecordingSource(str(film), "door", 0.0)
    done = extract(engine, source, models_for(engine))
    assert 20 < done.frames < 60 and "film.avi" in done.skipped[0]
    film.write_bytes(whole)  # copied again
    rest = extract(engine, source, models_for(engine))
    assert done.frames + rest.frames == 60 and rest.skipped == ()
    assert count(engine, StoredFrame) == 60


def test_ids_of_deleted_detections_are_not_reused(engine: Engine, footage: Footage) -> None:
    extract(engine, RecordingSource(str(footage("a", 3)), "door", 0.0, 1.0), models_for(engine))
    with Session(engine) as session:
        last = session.scalar(select(func.max(Detection.id)))
    delete_older(engine, 1000.0)
    assert count(engine, Detection) == 0
    extract(engine, RecordingSource(str(footage("bb", 3)), "door", 1000.0, 1.0), models_for(engine))
    with Session(engine) as session:
        assert session.scalar(select(func.min(Detection.id))) > last


def test_full_disk_is_reported_and_transactions_stay_whole(footage: Footage, tmp_path: Path) -> None:
    source, url = RecordingSource(str(footage("a", 40)), "door", 0.0, 1.0), f"sqlite:///{tmp_path / 'full.db'}"
    engine = open_store(url)
    models = models_for(engine)
    with engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))

    def fill(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + 12}")

    engine.dispose()
    event.listen(engine, "connect", fill)
    with (
        pytest.raises(UserError, match="the disk is full; free some space and run the same command again"),
        database_errors(url),
    ):
        extract(engine, source, models)
    event.remove(engine, "connect", fill)
    engine.dispose()
    stored = count(engine, StoredFrame)
    assert (
        stored % FRAMES_PER_TRANSACTION == 0
        and count(engine, Detection) == count(engine, Embedding) == stored * NUM_PEOPLE
    )
    assert extract(engine, source, models).frames == 40 - stored > 0
    assert count(engine, StoredFrame) == 40


def test_second_writer_raises(url: str, engine: Engine) -> None:
    other = open_store(url)
    with write_lock(engine, url), pytest.raises(UserError, match="writing to it"), write_lock(other, url):
        pass
    with write_lock(other, url):
        pass
    other.dispose()


@pytest.mark.slow
def test_killed_extraction_leaves_no_partial_or_duplicate_rows(footage: Footage, tmp_path: Path) -> None:
    source, chance = RecordingSource(str(footage("a", 160)), "door", 0.0), random.Random(1)
    url = f"sqlite:///{tmp_path / 'killed.db'}"
    open_store(url).dispose()
    for _ in range(20):
        pipe_out, pipe_in = os.pipe()
        child = os.fork()
        if child == 0:
            slowly_extract(url, source, pipe_in)
        os.close(pipe_in)
        for _ in range(chance.randrange(14)):  # frames; a transaction has eight
            os.read(pipe_out, 1)
        time.sleep(chance.uniform(0, 0.005))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(pipe_out)
    interrupted, complete = open_store(url), open_store(f"sqlite:///{tmp_path / 'whole.db'}")
    assert count(interrupted, StoredFrame) > 0, "something was stored before the kills"
    for engine in (interrupted, complete):
        extract(engine, source, models_for(engine))
    assert contents(interrupted) == contents(complete)
    with interrupted.connect() as connection:
        assert connection.scalar(text("PRAGMA integrity_check")) == "ok"


def slowly_extract(url: str, source: RecordingSource, pipe_in: int) -> NoReturn:
    """Extract at a few milliseconds per frame, write a byte into a pipe for each, and exit."""
    try:
        engine = open_store(url)
        models = models_for(engine)
        detect = models.detector
        object.__setattr__(
            models, "detector", lambda frame: (time.sleep(0.002), os.write(pipe_in, b"."), detect(frame))[-1]
        )
        extract(engine, source, models)
    finally:
        os._exit(0)


def test_max_frames_can_be_raised_later(engine: Engine, footage: Footage) -> None:
    source = RecordingSource(str(footage("a", FRAMES)), "door", 0.0, max_frames=5)
    assert extract(engine, source, models_for(engine)).frames == 5
    assert extract(engine, replace(source, max_frames=None), models_for(engine)).frames == FRAMES - 5


def test_names_that_are_not_utf8_are_stored_with_escapes_and_found_again(engine: Engine, footage: Footage) -> None:
    folder = footage("a", 4)
    folder = folder.rename(folder.with_name(os.fsdecode(b"Zo\xeb")))
    for file in list(folder.iterdir()):
        file.rename(file.with_name(os.fsdecode(b"\xff_") + file.name))
    source = RecordingSource(str(folder), "door", 0.0)
    assert extract(engine, source, models_for(engine)).frames == 4
    assert extract(engine, source, models_for(engine)).frames == 0
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT source FROM recordings")).scalar_one()
    assert stored.endswith(r"Zo\udceb") and stored.isprintable()
    page, notes = add_frame_images(engine, read_timeline(engine))
    assert notes == [] and len(page.frames) == 4
    assert "Zo" in render_timeline(page)
