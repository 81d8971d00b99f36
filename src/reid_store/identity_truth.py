"""The persons of a store held against the truth of its cameras."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from learning_reid.frames.mot import MotTable
from learning_reid.metrics.detection import iou_matrix
from learning_reid.metrics.identities import IdentityScores, PairScores, identity_scores, pair_scores, purity, switches
from learning_reid.metrics.reidentification import EXCUSED, identify
from reid_store.identities import Everybody, PutTogether
from reid_store.schema import Camera, Recording, StoredFrame

LEAST_IOU = 0.5  # from this overlap on a detection stands for a true box


@dataclass(frozen=True, eq=False)
class TrueCamera:
    """One camera's truth.

    Attributes:
        table: who is where; the same number in two cameras is the same person.
        frames: indices of the stored frames of its one recording: no other frame counts.
    """

    table: MotTable
    frames: frozenset[int]


@dataclass(frozen=True)
class Scores:
    """How right the persons are.

    Attributes:
        identities: IDF1 and what goes with it, over all cameras together, as its paper and motmetrics count.
        idf1_one_to_one: IDF1 where each detection stands for one true box, the one it overlaps most, as everywhere
            else here: stricter where people cover each other.
        pairs: pairwise precision, recall and F1.
        tracklets: how many tracklets long enough to count stand behind it.
        tracklet_purity: share of their detections that are the commonest person of their tracklet.
        switches: changes of somebody's number within a camera.
        found: share of the true boxes that a detection stands for: nothing can be better than that.
        false_alarms: share of the detections that stand for nobody.
    """

    identities: IdentityScores
    idf1_one_to_one: float
    pairs: PairScores
    tracklets: int
    tracklet_purity: float
    switches: int
    found: float
    false_alarms: float

    def as_json(self) -> dict[str, float]:
        """One flat object."""
        told = asdict(self)
        pairs = {f"pairwise_{key}": value for key, value in told.pop("pairs").items()}
        return told.pop("identities") | pairs | told


def true_camera(engine: Engine, camera: str, table: MotTable) -> TrueCamera:
    """A camera's truth, with the frames that are stored.

    Raises:
        UserError: there is no such camera, or it has several recordings: frames are counted in one.
    """
    query = (
        select(Recording.id, StoredFrame.index)
        .join(StoredFrame, StoredFrame.recording_id == Recording.id)
        .join(Camera, Camera.id == Recording.camera_id)
    )
    with Session(engine) as session:
        rows = session.execute(query.where(Camera.name == camera)).all()
    if not rows:
        raise UserError(f"--truth {camera}: the store has no frames of such a camera")
    if len({recording for recording, _ in rows}) > 1:
        raise UserError(f"--truth {camera}: it has several recordings, so that frame numbers say nothing; leave it out")
    return TrueCamera(table, frozenset(index for _, index in rows))


def true_persons(people: Everybody, truth: Mapping[str, TrueCamera]) -> tuple[np.ndarray, Counter[int]]:
    """Whom the detections stand for, and how many boxes of each person there are.

    Args:
        people: who was seen.
        truth: by camera.

    Returns:
        (n,) int64 true persons; -1 = a false alarm, -2 = not to be counted, as in a camera without truth;
        and the true boxes of each person.
    """
    true, boxes = np.full(len(people), EXCUSED, np.int64), Counter[int]()
    for name, told in truth.items():
        table = told.table
        here = np.isin(table.frame, sorted(told.frames))
        boxes.update(table.person_id[here & (table.score != 0)].tolist())
        mine = np.flatnonzero(people.camera == people.cameras.index(name))
        for index in np.unique(people.index[mine]).tolist():
            rows, there = mine[people.index[mine] == index], table.at(index)
            true[rows] = identify(people.boxes_xyxy[rows], there.boxes_xyxy, there.person_id, there.score)
    return true, boxes


def _overlaps(people: Everybody, truth: Mapping[str, TrueCamera], counted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(p,) detections and (p,) true persons, for each true box that a detection overlaps by half or more."""
    pairs = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for name, told in truth.items():
        mine = np.flatnonzero(counted & (people.camera == people.cameras.index(name)))
        for index in np.unique(people.index[mine]).tolist():
            rows, there = mine[people.index[mine] == index], told.table.at(index)
            clear = there.score != 0
            near = np.nonzero(iou_matrix(people.boxes_xyxy[rows], there.boxes_xyxy[clear]) >= LEAST_IOU)
            pairs.append((rows[near[0]], there.person_id[clear][near[1]]))
    return np.concatenate([rows for rows, _ in pairs]), np.concatenate([persons for _, persons in pairs])


def score_persons(people: Everybody, made: PutTogether, truth: Mapping[str, TrueCamera]) -> Scores:
    """Hold persons and tracklets against the truth; detections of cameras without one do not count.

    Args:
        people: who was seen.
        made: what was made of them.
        truth: by camera.
    """
    true, boxes = true_persons(people, truth)
    counted = true != EXCUSED
    rows, persons = _overlaps(people, truth, counted)
    own = np.flatnonzero(true >= 0)
    person = np.where(counted, made.person, -1)
    identities = identity_scores(person, rows, persons, boxes)
    one_to_one = identity_scores(person, own, true[own], boxes).idf1
    true, person, tracklet = true[counted], made.person[counted], made.tracklet[counted]
    kept = np.where(person >= 0, tracklet, -1)  # whoever is nobody has no tracklet either
    return Scores(
        identities,
        one_to_one,
        pair_scores(true, person),
        len(np.unique(kept[kept >= 0])),
        purity(true, kept),
        switches(true, person, people.camera[counted], people.time_s[counted]),
        float((true >= 0).sum()) / max(boxes.total(), 1),
        float((true < 0).mean()) if len(true) else 0.0,
    )
