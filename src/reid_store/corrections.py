"""Correct persons by hand: name, merge and split them. Later runs of clustering keep merged and split persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from learning_reid.embedding.normalization import l2_normalize
from learning_reid.errors import UserError
from learning_reid.retrieval.distances import euclidean_distance
from learning_reid.tracking.clustering import summarize_tracklets
from learning_reid.tracking.identities import DetectionTable
from learning_reid.tracking.tracklets import TrackletRules, link_tracklets
from reid_store.schema import Detection, Person


@dataclass(frozen=True)
class Corrections:
    """What to correct, by numbers of persons; it is done in the order of these fields, all or nothing."""

    reset: Sequence[int] = ()  #: Forget that these were corrected
    merge: Sequence[Sequence[int]] = ()  #: Each group becomes its first person
    split: Sequence[int] = ()  #: Each is divided in two
    names: Mapping[int, str] = field(default_factory=dict)  #: New names; an empty one removes the name
    lose_names: bool = False  #: Merge persons of different names, and keep the name of the first

    def __bool__(self) -> bool:
        return bool(self.reset or self.merge or self.split or self.names)


def correct_persons(engine: Engine, wanted: Corrections, detections: DetectionTable | None = None) -> list[str]:
    """Correct persons in one transaction; persons with the same name become one.

    Args:
        engine: From `open_store`.
        wanted: What to correct.
        detections: From `read_detections`; needed to split.

    Returns:
        One line for each change.

    Raises:
        UserError: A person does not exist or cannot be split, or names would be lost; nothing was written.
    """
    with Session(engine) as session, session.begin():
        lines = []
        for number in wanted.reset:
            _person(session, number).corrected = False
            lines.append(f"the corrections of person {number} are forgotten; identities clusters it again")
        for group in wanted.merge:
            lines.append(_merge(session, group, wanted.lose_names))
        for number in wanted.split:
            assert detections is not None
            lines.append(_split(session, number, detections))
        for number, name in wanted.names.items():
            _person(session, number).name = name or None
            lines.append(f"person {number} is now named {name}" if name else f"the name of person {number} is removed")
        return lines + _join_same_names(session)


def join_same_names(engine: Engine) -> list[str]:
    """Merge persons that have the same name; return one line for each name."""
    with Session(engine) as session, session.begin():
        return _join_same_names(session)


def read_corrected(engine: Engine, detections: DetectionTable) -> np.ndarray:
    """Return the corrected person of each detection, (n,) int64; -1 = its person was not corrected."""
    query = select(Detection.id, Detection.person_id).join(Person).where(Person.corrected)
    with Session(engine) as session:
        person_of = {detection: person for detection, person in session.execute(query)}
    return np.array([person_of.get(number, -1) for number in detections.detection.tolist()], np.int64)


def split_in_two(vectors: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Divide unit vectors (n, d) into two groups around their farthest pair (2-means); return (n,) int64, 0 or 1.

    >>> split_in_two(np.array([[1.0, 0.0], [0.0, 1.0], [0.8, 0.6]]), np.ones(3)).tolist()
    [0, 1, 0]
    """
    distances = euclidean_distance(vectors, vectors)
    centers = vectors[list(np.unravel_index(distances.argmax(), distances.shape))]
    group = np.zeros(len(vectors), np.int64)
    for _ in range(20):
        group = euclidean_distance(vectors, centers).argmin(axis=1)
        if len(set(group.tolist())) < 2:  # equal vectors
            return (np.arange(len(vectors)) > 0).astype(np.int64)
        centers = l2_normalize(np.stack([weight[group == k] @ vectors[group == k] for k in (0, 1)]))
    return group


def _person(session: Session, number: int) -> Person:
    if (person := session.get(Person, number)) is None:
        raise UserError(f"the store has no person {number}; `search` and `timeline --use-reid` show their numbers")
    return person


def _merge(session: Session, numbers: Sequence[int], lose_names: bool) -> str:
    kept, *others = [_person(session, number) for number in numbers]
    names = list(dict.fromkeys(person.name for person in (kept, *others) if person.name))
    if len(names) > 1 and not lose_names:
        raise UserError(
            f"persons {', '.join(map(str, numbers))} have different names: {', '.join(names)}; use --lose-names to "
            "keep the first"
        )
    kept.name, kept.corrected = (names[0] if names else None), True
    rest = [person.id for person in others]
    session.execute(update(Detection).where(Detection.person_id.in_(rest)).values(person_id=kept.id))
    session.execute(delete(Person).where(Person.id.in_(rest)))
    return f"person {kept.id} now includes {', '.join(map(str, rest))}" + (f", named {kept.name}" if kept.name else "")


def _join_same_names(session: Session) -> list[str]:
    session.flush()
    twice = select(Person.name).where(Person.name.is_not(None)).group_by(Person.name).having(func.count() > 1)
    groups = [
        session.scalars(select(Person.id).where(Person.name == name).order_by(Person.id)).all()
        for name in session.scalars(twice.order_by(Person.name)).all()
    ]
    return [_merge(session, group, lose_names=False) for group in groups]


def _split(session: Session, number: int, detections: DetectionTable) -> str:
    person = _person(session, number)
    own = set(session.scalars(select(Detection.id).where(Detection.person_id == number)))
    rows = np.flatnonzero([detection in own for detection in detections.detection.tolist()])
    if len(rows) < 2:
        raise UserError(f"person {number} has fewer than two embedded detections, so it cannot be split")
    part = _divide(detections, rows)
    part = part ^ int(2 * part.sum() > len(part))  # the larger part keeps number and name
    other = Person(name=None, corrected=True)
    session.add(other)
    session.flush()
    person.corrected = True
    moved = detections.detection[rows[part == 1]].tolist()
    session.execute(update(Detection), [{"id": detection, "person_id": other.id} for detection in moved])
    return f"person {number} is split: {len(own) - len(moved):,} detections stay, {len(moved):,} become {other.id}"


def _divide(detections: DetectionTable, rows: np.ndarray) -> np.ndarray:
    """Divide the tracklets of a person into two groups by appearance, or a single tracklet at a time."""
    tracklet, count = np.full(len(rows), -1, np.int64), 0
    times, boxes, vectors = detections.time_s[rows], detections.boxes_xyxy[rows], detections.embeddings[rows]
    for camera in np.unique(detections.camera[rows]):
        here = np.flatnonzero(detections.camera[rows] == camera)
        tracklet[here] = link_tracklets(times[here], boxes[here], vectors[here], TrackletRules(None)) + count
        count = int(tracklet.max()) + 1
    if count == 1:
        return _cut_in_time(times, vectors)
    tracklets = summarize_tracklets(
        tracklet, detections.camera[rows], times, boxes, detections.score[rows], vectors
    )  # fmt: skip
    return split_in_two(tracklets.prototypes, tracklets.detections.astype(np.float64))[tracklet]


def _cut_in_time(time_s: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Cut at the time at which the mean embedding changes most (least variance within both parts)."""
    order = np.argsort(time_s, kind="stable")
    sums = np.cumsum(vectors[order].astype(np.float64), axis=0)
    before = np.arange(1, len(order))
    gain = (sums[:-1] ** 2).sum(1) / before + ((sums[-1] - sums[:-1]) ** 2).sum(1) / (len(order) - before)
    part = np.zeros(len(order), np.int64)
    part[order[int(gain.argmax()) + 1 :]] = 1
    return part
