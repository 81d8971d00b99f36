"""Persons corrected by hand: named, merged and split, also after clustering again."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from learning_reid.tracking.identities import DetectionTable, cluster_detections
from reid_store.corrections import Corrections, correct_persons, join_same_names, read_corrected, split_in_two
from reid_store.identities import read_detections, write_persons
from reid_store.schema import Detection, Person
from tests.reid_store.fake_store import make_store
from tests.reid_store.test_identities import model_of, named, stored

PERSONS = 4


@pytest.fixture
def engine(url: str) -> Engine:
    return make_store(url, persons=PERSONS, moments=6, assigned=False, models=("first", "noise"))


@pytest.fixture
def people(engine: Engine) -> DetectionTable:
    return read_detections(engine, model_of(engine))


def cluster(engine: Engine, people: DetectionTable, threshold: float | None = None) -> list[int]:
    """Cluster as the command does; return the ids of the persons."""
    clustering = cluster_detections(people, threshold, fixed=read_corrected(engine, people))
    return write_persons(engine, people.detection, clustering.person).tolist()


def groups(engine: Engine) -> set[frozenset[int]]:
    """Return the detections of each person."""
    of, _ = stored(engine)
    return {frozenset(d for d, other in of.items() if other == person) for person in set(of.values()) - {None}}


def test_merged_persons_stay_merged(engine: Engine, people: DetectionTable) -> None:
    one, two, *_ = cluster(engine, people)
    assert correct_persons(engine, Corrections(merge=[(one, two)])) == [f"person {one} now includes {two}"]
    merged, (of, names) = groups(engine), stored(engine)
    assert len(names) == PERSONS - 1 and two not in names
    for threshold in (None, 0.0):
        cluster(engine, people, threshold)
        again, _ = stored(engine)
        assert {d for d, person in again.items() if person == one} == {d for d, person in of.items() if person == one}
    cluster(engine, people)
    assert groups(engine) == merged, "also although both are in the same frames"
    correct_persons(engine, Corrections(reset=[one]))
    cluster(engine, people)
    assert len(groups(engine)) == PERSONS, "without the correction they are two again"


def test_split_persons_stay_apart_and_can_be_merged_again(engine: Engine, people: DetectionTable) -> None:
    write_persons(engine, people.detection, np.minimum(cluster_detections(people).person, 2))  # two are taken for one
    before = groups(engine)
    mixed = max(stored(engine)[1])
    named(engine, {mixed: "Ada"})
    (line,) = correct_persons(engine, Corrections(split=[mixed]), people)
    assert line == f"person {mixed} is split: 12 detections stay, 12 become {mixed + 1}"
    apart, (_, names) = groups(engine), stored(engine)
    truth = (people.boxes_xyxy[:, 0] - 20) // 30
    assert apart == {frozenset(people.detection[truth == number].tolist()) for number in range(PERSONS)}
    assert names[mixed] == "Ada" and names[mixed + 1] is None
    corrected = read_corrected(engine, people)
    assert set(corrected.tolist()) == {-1, mixed, mixed + 1}
    together = cluster_detections(people, 2.0, fixed=corrected).person
    assert together[corrected == mixed][0] != together[corrected == mixed + 1][0], "at any threshold"
    correct_persons(engine, Corrections(merge=[(mixed, mixed + 1)]))
    assert groups(engine) == before


def test_new_detections_join_a_corrected_person(engine: Engine, people: DetectionTable) -> None:
    early = people.index < 3
    write_persons(engine, people.detection[early], cluster_detections(people).person[early])
    one, two, *_ = sorted(stored(engine)[1])
    correct_persons(engine, Corrections(merge=[(one, two)]))
    cluster(engine, people)
    assert sorted(map(len, groups(engine))) == [12, 12, 24]


def test_a_single_tracklet_is_cut_where_the_appearance_changes(tmp_path: Path) -> None:
    engine = make_store(tmp_path / "a.db", cameras=1, persons=2, moments=6, assigned=False)
    people = read_detections(engine, model_of(engine))
    number = (people.boxes_xyxy[:, 0] - 20) // 30
    switched = np.where(people.index < 4, 0, 1)  # one box follows the other person from frame 4 on
    kept = number == switched
    write_persons(engine, people.detection[kept], np.zeros(kept.sum(), np.int64))
    with Session(engine) as session, session.begin():
        for row in session.query(Detection):
            row.x1, row.x2 = 20.0, 48.0
    people = read_detections(engine, model_of(engine))
    correct_persons(engine, Corrections(split=[1]), people)
    assert groups(engine) == {frozenset(people.detection[kept & (number == k)].tolist()) for k in (0, 1)}


def test_persons_of_one_name_become_one(engine: Engine, people: DetectionTable) -> None:
    one, two, three, _ = cluster(engine, people)
    lines = correct_persons(engine, Corrections(names={two: "Ada", three: "Ada"}))
    assert lines[-1] == f"person {two} now includes {three}, named Ada"
    assert correct_persons(engine, Corrections(names={one: "Ada"}))[-1] == f"person {one} now includes {two}, named Ada"
    assert len(groups(engine)) == PERSONS - 2
    with Session(engine) as session, session.begin():  # as earlier versions stored them
        session.add_all([Person(name="Bo"), Person(name="Bo")])
    assert len(join_same_names(engine)) == 1 and join_same_names(engine) == []


def test_corrections_are_made_all_or_none(engine: Engine, people: DetectionTable) -> None:
    one, two, *_ = cluster(engine, people)
    named(engine, {one: "Ada", two: "Bo"})
    before = stored(engine)
    for wanted, message in (
        (Corrections(names={one: "Cy", 999: "Bo"}), "no person 999"),
        (Corrections(merge=[(one, 999)]), "no person 999"),
        (Corrections(names={one: "Cy"}, split=[999]), "no person 999"),
        (Corrections(reset=[999]), "no person 999"),
        (Corrections(merge=[(one, two)]), "have different names: Ada, Bo; use --lose-names"),
    ):
        with pytest.raises(UserError, match=message):
            correct_persons(engine, wanted, people)
        assert stored(engine) == before
    correct_persons(engine, Corrections(names={one: ""}))
    assert stored(engine)[1][one] is None
    named(engine, {one: "Ada"})
    correct_persons(engine, Corrections(merge=[(two, one)], lose_names=True))
    assert stored(engine)[1][two] == "Bo"


def test_a_person_with_one_detection_cannot_be_split(engine: Engine, people: DetectionTable) -> None:
    (number,) = write_persons(engine, people.detection[:1], np.zeros(1, np.int64))
    with pytest.raises(UserError, match="fewer than two embedded detections"):
        correct_persons(engine, Corrections(split=[int(number)]), people)


def test_equal_vectors_are_split_too() -> None:
    assert split_in_two(np.tile([[1.0, 0.0]], (3, 1)), np.ones(3)).tolist() == [0, 1, 1]
