"""Detections of a store → tracklets → persons → back into the store, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.detection_filter import detections
from reid_store.persons import LEAST_DETECTIONS, group_tracklets, sum_up
from reid_store.schema import Camera, Detection, Embedding, Model, Person, StoredFrame
from reid_store.tracklets import TrackletRules, link_tracklets, strangers_distance

UNKNOWN_NETWORK = 0.7  # prototypes of one person are nearer than this share of what single strangers seldom are
FALLBACK = 0.7  # for tracklets of a store in which hardly two people are seen at once


@dataclass(frozen=True, eq=False)
class Everybody:
    """All stored detections that a network has described, in order of their numbers.

    Attributes:
        detection: (n,) int64, their numbers in the store.
        camera: (n,) int64, rows of `cameras`.
        frame: (n,) int64, the number of the stored frame.
        index: (n,) int64, of the frame in its recording, from 0.
        time_s: (n,) float64, seconds since 1970 in UTC.
        boxes_xyxy: (n, 4) float32 pixels.
        score: (n,) float32.
        embeddings: (n, d) float32, unit length.
        cameras: their names.
    """

    detection: np.ndarray
    camera: np.ndarray
    frame: np.ndarray
    index: np.ndarray
    time_s: np.ndarray
    boxes_xyxy: np.ndarray
    score: np.ndarray
    embeddings: np.ndarray
    cameras: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.detection)


def read_everybody(engine: Engine, model: Model) -> Everybody:
    """Read a store.

    Raises:
        UserError: nobody is in it.
    """
    columns = (
        Detection.id, Camera.name, StoredFrame.id, StoredFrame.index, StoredFrame.time_s,
        Detection.x1, Detection.y1, Detection.x2, Detection.y2, Detection.score, Embedding.reid_embedding,
    )  # fmt: skip
    query = (
        detections(columns)
        .join(Embedding, Embedding.detection_id == Detection.id)
        .where(Embedding.model_id == model.id)
        .order_by(Detection.id)
    )
    with Session(engine) as session:
        rows = session.execute(query).all()
        cameras = tuple(session.scalars(select(Camera.name).order_by(Camera.name)))
    if not rows:
        raise UserError(f"the store holds nobody described by {model.name}; run extract on footage with people")
    ids, names, frames, indices, times, *corners, scores, vectors = zip(*rows, strict=True)
    places = {name: row for row, name in enumerate(cameras)}
    return Everybody(
        np.array(ids), np.array([places[name] for name in names]), np.array(frames), np.array(indices),
        np.array(times, np.float64), np.array(corners, np.float32).T, np.array(scores, np.float32), np.stack(vectors),
        cameras,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class PutTogether:
    """What was made of the detections.

    Attributes:
        tracklet: (n,) int64, of each detection, from 0.
        person: (n,) int64, of each detection, from 0; -1 = nobody: seen too seldom.
        threshold: up to which distance two groups of tracklets were one person.
    """

    tracklet: np.ndarray
    person: np.ndarray
    threshold: float

    @property
    def persons(self) -> int:
        """How many there are."""
        return int(self.person.max(initial=-1)) + 1


def put_together(
    people: Everybody,
    threshold: float | None = None,
    transit_s: Mapping[tuple[int, int], float] | None = None,
    appearance: bool = True,
    least: int = LEAST_DETECTIONS,
) -> PutTogether:
    """Find tracklets within each camera and persons across them.

    Args:
        people: who was seen.
        threshold: as `group_tracklets`; None = 0.7 × what strangers seldom are (`strangers_distance`).
        transit_s: as `cannot_be_one`, by rows of `people.cameras`.
        appearance: whether tracklets look at the person, and not only at the overlap of boxes.
        least: whoever is seen in fewer detections is nobody.
    """
    strangers = strangers_distance(people.frame, people.boxes_xyxy, people.embeddings)
    limit = FALLBACK if strangers is None else strangers
    rules = TrackletRules(limit if appearance else None)
    tracklet, started = np.full(len(people), -1, np.int64), 0
    for camera in np.unique(people.camera):
        here = np.flatnonzero(people.camera == camera)
        own = link_tracklets(people.time_s[here], people.boxes_xyxy[here], people.embeddings[here], rules)
        tracklet[here] = own + started
        started += int(own.max()) + 1
    threshold = UNKNOWN_NETWORK * limit if threshold is None else threshold
    summed = sum_up(tracklet, people.camera, people.time_s, people.boxes_xyxy, people.score, people.embeddings)
    person = group_tracklets(summed, threshold, transit_s)[tracklet]
    seldom = np.bincount(person)[person] < least
    person[~seldom] = np.unique(person[~seldom], return_inverse=True)[1]
    person[seldom] = -1
    return PutTogether(tracklet, person, threshold)


def write_persons(engine: Engine, detection: np.ndarray, person: np.ndarray, lose_names: bool = False) -> np.ndarray:
    """Replace the store's persons, all in one transaction.

    Number and name stay with the largest part of a former person, the named ones first; where that part is already
    somebody else's, they go. Detections that were not looked at stay whose they are.

    Args:
        engine: of `open_store`.
        detection: (n,) int64, numbers in the store.
        person: (n,) int64, from 0 without a gap; -1 = nobody.
        lose_names: whether names that were given by hand may go.

    Returns:
        (persons,) int64, the number of each in the store.

    Raises:
        UserError: names would go; nothing was written.
    """
    groups = int(person.max(initial=-1)) + 1
    group_of = dict(zip(detection.tolist(), person.tolist(), strict=True))
    with Session(engine) as session, session.begin():
        former: dict[int, Counter[int]] = {}
        for number, old in session.execute(
            select(Detection.id, Detection.person_id).where(Detection.person_id.is_not(None))
        ):
            if number in group_of:
                former.setdefault(int(old or 0), Counter())[group_of[number]] += 1
        heirs = _heirs(former, set(session.scalars(select(Person.id).where(Person.name.is_not(None)))))
        fresh = {group: Person(name=None) for group in range(groups) if group not in heirs}
        session.add_all(fresh.values())
        session.flush()
        numbers = [heirs[group] if group in heirs else fresh[group].id for group in range(groups)]
        changed = [{"id": d, "person_id": numbers[group] if group >= 0 else None} for d, group in group_of.items()]
        if changed:
            session.execute(update(Detection), changed)
        kept = select(Detection.person_id).where(Detection.person_id.is_not(None))
        gone = Person.id.not_in(kept)
        lost = session.scalars(select(Person).where(gone, Person.name.is_not(None)).order_by(Person.id)).all()
        if lost and not lose_names:
            told = "; ".join(f"{row.name} ({row.id}) {_fate(former.get(row.id, Counter()), numbers)}" for row in lost)
            raise UserError(
                f"names would be lost, so nothing was stored: {told}\ntake another threshold, or let them go with "
                "--lose-names"
            )
        session.execute(delete(Person).where(gone), execution_options={"synchronize_session": False})
    return np.array(numbers, np.int64)


def name_persons(engine: Engine, names: Mapping[int, str]) -> None:
    """Call people by names, all of them or, where a number is wrong, nobody; an empty name takes one away.

    Raises:
        UserError: the store has no such person.
    """
    with Session(engine) as session, session.begin():
        for number, name in names.items():
            person = session.get(Person, number)
            if person is None:
                raise UserError(
                    f"the store has no person {number}; `search` and `timeline --use-reid` show their numbers"
                )
            person.name = name or None


def _heirs(former: Mapping[int, Counter[int]], named: set[int]) -> dict[int, int]:
    """New group → the former person whose number it keeps: the largest part of their detections is in it."""
    heirs: dict[int, int] = {}
    first = sorted(former, key=lambda old: (old not in named, -former[old].total(), old))
    for old in first:
        group = _largest(former[old])
        if group >= 0:
            heirs.setdefault(group, old)
    return heirs


def _largest(parts: Counter[int]) -> int:
    """The group that has most of a former person; -1 where they are nobody now."""
    return max((group for group in parts if group >= 0), key=lambda group: (parts[group], -group), default=-1)


def _fate(parts: Counter[int], numbers: Sequence[int]) -> str:
    group = _largest(parts)
    return "would be nobody" if group < 0 else f"would be one with person {numbers[group]}"
