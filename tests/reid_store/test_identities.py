"""Persons of a store: transactional, repeatable, with names that stay."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, event, func, select, update
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from learning_reid.frames.mot import MotTable
from learning_reid.tracking.identities import Clustering, DetectionTable, cluster_detections
from learning_reid.tracking.scoring import score_clustering
from reid_store.identities import read_camera_truth, read_detections, write_persons
from reid_store.schema import Detection, Model, Person, StoredFrame
from tests.reid_store.fake_store import make_store

PERSONS, MOMENTS = 4, 6


@pytest.fixture
def engine(url: str) -> Engine:
    return make_store(url, persons=PERSONS, moments=MOMENTS, assigned=False, models=("first", "noise"))


def model_of(engine: Engine, name: str = "first") -> Model:
    with Session(engine, expire_on_commit=False) as session:
        return session.scalars(select(Model).where(Model.name == name)).one()


def stored(engine: Engine) -> tuple[dict[int, int | None], dict[int, str | None]]:
    """Return the person of each detection and the name of each person."""
    with Session(engine) as session:
        of = {number: person for number, person in session.execute(select(Detection.id, Detection.person_id))}
        return of, {row.id: row.name for row in session.scalars(select(Person))}


def truth_of(engine: Engine, camera: str) -> MotTable:
    """Return the ground truth of `make_store`: person k is detection number k of each frame."""
    people = read_detections(engine, model_of(engine))
    rows = np.flatnonzero(people.camera == people.cameras.index(camera))
    number = (people.boxes_xyxy[rows, 0] - 20) / 30
    return MotTable(
        people.index[rows], number.astype(np.int64), people.boxes_xyxy[rows], np.ones(len(rows), np.float32)
    )


def test_persons_are_found_across_cameras_and_scored(engine: Engine) -> None:
    people = read_detections(engine, model_of(engine))
    assert len(people) == 2 * PERSONS * MOMENTS and people.cameras == ("Camera 1", "Camera 2")
    made = cluster_detections(people)
    assert made.persons == PERSONS and made.tracklet.max() + 1 == 2 * PERSONS
    truth = {name: read_camera_truth(engine, name, truth_of(engine, name)) for name in people.cameras}
    scores = score_clustering(people, made, truth)
    message = scores.as_json()
    assert all(message[key] == 1 for key in ("idf1", "pairwise_f1", "tracklet_purity", "found"))
    assert (message["persons"], message["true_persons"], message["switches"], message["tracklets"]) == (4, 4, 0, 8)
    apart = cluster_detections(people, threshold=0.0)
    assert score_clustering(people, apart, truth).identities.idf1 == pytest.approx(0.5)
    one = score_clustering(people, apart, {"Camera 1": truth["Camera 1"]})
    assert one.identities.idf1 == 1, "a camera without ground truth does not count"


def test_simultaneous_tracklets_of_separate_views_are_different_persons(engine: Engine) -> None:
    people = read_detections(engine, model_of(engine))  # their recordings overlap by half
    assert cluster_detections(people, transit_s={(0, 1): 0.0}).persons == 2 * PERSONS


def test_embeddings_of_networks_are_separate(engine: Engine) -> None:
    noise = read_detections(engine, model_of(engine, "noise"))
    assert not np.allclose(noise.embeddings, read_detections(engine, model_of(engine)).embeddings)


def test_persons_with_few_detections_are_unassigned(engine: Engine) -> None:
    people = read_detections(engine, model_of(engine))
    made = cluster_detections(people, min_detections=2 * MOMENTS + 1)
    assert made.persons == 0 and set(made.person.tolist()) == {-1}
    assert len(write_persons(engine, people.detection, made.person)) == 0
    assert set(stored(engine)[0].values()) == {None}


def test_rerun_replaces_the_result(engine: Engine) -> None:
    people = read_detections(engine, model_of(engine))
    made = cluster_detections(people)
    numbers = write_persons(engine, people.detection, made.person)
    before = stored(engine)
    assert before[0] == dict(zip(people.detection.tolist(), numbers[made.person].tolist(), strict=True))
    assert write_persons(engine, people.detection, made.person).tolist() == numbers.tolist()
    assert stored(engine) == before
    one = np.zeros(len(people), np.int64)
    write_persons(engine, people.detection, one)
    of, names = stored(engine)
    assert len(names) == 1 and set(of.values()) == set(names)


def named(engine: Engine, names: dict[int, str]) -> None:
    with Session(engine) as session, session.begin():
        for number, name in names.items():
            session.execute(update(Person).where(Person.id == number).values(name=name))


def test_name_follows_most_detections(engine: Engine) -> None:
    people = read_detections(engine, model_of(engine))
    person = cluster_detections(people).person
    numbers = write_persons(engine, people.detection, person)
    named(engine, {int(numbers[0]): "Ada", int(numbers[1]): "Bo", int(numbers[2]): "Cy"})
    split = person.copy()
    mine = np.flatnonzero(person == 0)
    split[mine[: len(mine) // 3]] = PERSONS  # Ada loses a third of her detections
    split[np.flatnonzero(person == 1)[::2]] = PERSONS + 1  # Bo is split in halves
    split[np.flatnonzero(person == 3)] = 2  # Cy is merged with another person
    after = write_persons(engine, people.detection, np.unique(split, return_inverse=True)[1])
    of, names = stored(engine)
    assert sorted(name for name in names.values() if name) == ["Ada", "Bo", "Cy"]
    assert {of[int(number)] for number in people.detection[mine[len(mine) // 3 :]]} == {int(numbers[0])}
    assert names[int(numbers[2])] == "Cy" and of[int(people.detection[person == 3][0])] == int(numbers[2])
    assert len(after) == len(names)


def test_merging_two_named_persons_keeps_the_larger_one(engine: Engine) -> None:
    people = read_detections(engine, model_of(engine))
    person = np.where(cluster_detections(people).person == 0, 0, 1)
    numbers = write_persons(engine, people.detection, person)
    named(engine, {int(numbers[0]): "Ada", int(numbers[1]): "Bo"})
    before, one = stored(engine), np.zeros(len(people), np.int64)
    with pytest.raises(
        UserError, match=rf"Ada \({numbers[0]}\) would be merged into person {numbers[1]}\n.*--lose-names"
    ):
        write_persons(engine, people.detection, one)
    with pytest.raises(UserError, match=r"Ada \(\d+\) would be unassigned; Bo \(\d+\) would be unassigned"):
        write_persons(engine, people.detection, one - 1)
    assert stored(engine) == before, "nothing was written"
    with Session(engine) as session, session.begin():
        session.add(Person(name="Cy"))
    with pytest.raises(UserError, match=r"Cy \(\d+\) would be unassigned"):
        write_persons(engine, people.detection, person)
    write_persons(engine, people.detection, one, lose_names=True)
    assert stored(engine)[1] == {int(numbers[1]): "Bo"}
    apart = cluster_detections(people).person
    assert numbers[0] not in write_persons(engine, people.detection, apart), "ids are not reused"


def test_interrupted_write_keeps_the_earlier_result(engine: Engine) -> None:
    people = read_detections(engine, model_of(engine))
    made = cluster_detections(people)
    write_persons(engine, people.detection, made.person)
    before = stored(engine)

    def interrupt(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM identities"):
            raise KeyboardInterrupt

    event.listen(engine, "before_cursor_execute", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_persons(engine, people.detection, np.zeros(len(people), np.int64))
    event.remove(engine, "before_cursor_execute", interrupt)
    assert stored(engine) == before


def test_unlisted_detections_keep_their_person(engine: Engine) -> None:
    people = read_detections(engine, model_of(engine))
    person = cluster_detections(people).person
    numbers = write_persons(engine, people.detection, person)
    named(engine, {int(numbers[0]): "Ada", int(numbers[1]): "Bo"})
    before, _ = stored(engine)
    seen = (people.camera == 0) & (person != 1)  # none of Bo's detections
    after = write_persons(engine, people.detection[seen], np.zeros(int(seen.sum()), np.int64))
    of, names = stored(engine)
    assert sorted(name for name in names.values() if name) == ["Ada", "Bo"]
    assert all(of[number] == before[number] for number in people.detection[~seen].tolist())
    assert {of[number] for number in people.detection[seen].tolist()} == set(after.tolist())


def test_truth_counts_only_stored_frames_and_needs_a_camera(engine: Engine) -> None:
    table = truth_of(engine, "Camera 1")
    later = MotTable(table.frame + MOMENTS, table.person_id, table.boxes_xyxy, table.score)
    both = MotTable(*[np.concatenate([getattr(part, name) for part in (table, later)]) for name in table.__dict__])
    people = read_detections(engine, model_of(engine))
    scores = score_clustering(
        people, cluster_detections(people), {"Camera 1": read_camera_truth(engine, "Camera 1", both)}
    )
    assert scores.found == 1 == scores.identities.idf1
    with pytest.raises(UserError, match="no frames of this camera"):
        read_camera_truth(engine, "Camera 9", table)


def test_truth_is_matched_by_the_numbers_in_the_file_names(engine: Engine) -> None:
    table = truth_of(engine, "Camera 1")
    numbers = 101 + 2 * np.arange(MOMENTS)  # every second image is missing
    with Session(engine) as session, session.begin():
        for frame in session.scalars(select(StoredFrame)):
            frame.name = f"{numbers[frame.index]:06d}.jpg"
    truth = read_camera_truth(engine, "Camera 1", replace(table, frame=numbers[table.frame] - 1))
    assert truth.frames == frozenset(range(MOMENTS))
    np.testing.assert_array_equal(truth.table.frame, table.frame)


def test_empty_store(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        assert session.scalar(select(func.count()).select_from(StoredFrame)) == 2 * MOMENTS
        for row in session.scalars(select(StoredFrame)):
            session.delete(row)
    with pytest.raises(UserError, match="no detections embedded by first"):
        read_detections(engine, model_of(engine))


@pytest.mark.parametrize("people", [2, 3])
def test_few_impostor_pairs(people: int, tmp_path: Path) -> None:
    engine = make_store(tmp_path / f"{people}.db", cameras=1, persons=people, moments=3, assigned=False)
    made = cluster_detections(read_detections(engine, model_of(engine)))
    assert isinstance(made, Clustering) and made.persons == people


def test_detections_are_read_in_order(engine: Engine) -> None:
    people = read_detections(engine, model_of(engine))
    assert isinstance(people, DetectionTable) and (np.diff(people.detection) > 0).all()
    assert people.boxes_xyxy.shape == (len(people), 4) and people.time_s.dtype == np.float64
