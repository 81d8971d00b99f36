"""Read the detections of a store for clustering, and write the resulting persons back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from learning_reid.frames.numbering import frame_numbers
from reid_store.detection_filter import select_embedded
from reid_store.schema import Camera, Detection, Embedding, Model, Person, Recording, StoredFrame

if TYPE_CHECKING:
    from learning_reid.frames.mot import MotTable
    from learning_reid.tracking.identities import DetectionTable
    from learning_reid.tracking.scoring import CameraTruth


def read_detections(engine: Engine, model: Model) -> DetectionTable:
    """Read all detections that have an embedding of a network, in the order of their ids.

    Raises:
        UserError: There are none.
    """
    from learning_reid.tracking.identities import DetectionTable

    columns = (
        Detection.id, Camera.name, StoredFrame.id, StoredFrame.index, StoredFrame.time_s,
        Detection.x1, Detection.y1, Detection.x2, Detection.y2, Detection.score, Embedding.reid_embedding,
    )  # fmt: skip
    with Session(engine) as session:
        rows = session.execute(select_embedded(columns, model).order_by(Detection.id)).all()
        cameras = tuple(session.scalars(select(Camera.name).order_by(Camera.name)))
    if not rows:
        raise UserError(f"the store has no detections embedded by {model.name}; run extract on footage with people")
    ids, names, frames, indices, times, *corners, scores, embeddings = zip(*rows, strict=True)
    camera_index = {name: row for row, name in enumerate(cameras)}
    return DetectionTable(
        np.array(ids), np.array([camera_index[name] for name in names]), np.array(frames), np.array(indices),
        np.array(times, np.float64), np.array(corners, np.float32).T, np.array(scores, np.float32),
        np.stack(embeddings), cameras,
    )  # fmt: skip


def read_camera_truth(engine: Engine, camera: str, table: MotTable) -> CameraTruth:
    """Combine a camera's annotations with the frames of it that are stored, by the numbers in their file names.

    Raises:
        UserError: The camera is unknown, or has several recordings, so that frame numbers are ambiguous.
    """
    from learning_reid.tracking.scoring import CameraTruth

    query = (
        select(Recording.id, StoredFrame.index, StoredFrame.name)
        .join(StoredFrame, StoredFrame.recording_id == Recording.id)
        .join(Camera, Camera.id == Recording.camera_id)
    )
    with Session(engine) as session:
        rows = session.execute(query.where(Camera.name == camera).order_by(StoredFrame.index)).all()
    if not rows:
        raise UserError(f"--truth {camera}: the store has no frames of this camera")
    if len({recording for recording, *_ in rows}) > 1:
        raise UserError(f"--truth {camera}: it has several recordings, so frame numbers are ambiguous; omit it")
    indices = [index for _, index, _ in rows]
    matched = table.match_frames(frame_numbers([name or "" for *_, name in rows], indices), f"--truth {camera}")
    return CameraTruth(replace(matched, frame=np.array(indices)[matched.frame]), frozenset(indices))


def write_persons(engine: Engine, detection: np.ndarray, person: np.ndarray, lose_names: bool = False) -> np.ndarray:
    """Replace the store's persons in one transaction.

    The id and name of an earlier person stay with the new person that has most of its detections, corrected persons
    first, then named ones;
    they are deleted if that person already has another id. Detections that are not listed keep their person.

    Args:
        engine: From `open_store`.
        detection: (n,) int64 detection ids.
        person: (n,) int64, persons numbered from 0 without a gap; -1 = unassigned.
        lose_names: Allow named persons to be deleted.

    Returns:
        (persons,) int64, the id of each person in the store.

    Raises:
        UserError: Named persons would be deleted; nothing was written.
    """
    num_persons = int(person.max(initial=-1)) + 1
    person_of = dict(zip(detection.tolist(), person.tolist(), strict=True))
    with Session(engine) as session, session.begin():
        previous: dict[int, Counter[int]] = {}  # earlier id → number of its detections in each new person
        for number, old in session.execute(
            select(Detection.id, Detection.person_id).where(Detection.person_id.is_not(None))
        ):
            if number in person_of:
                previous.setdefault(int(old or 0), Counter())[person_of[number]] += 1
        corrected = set(session.scalars(select(Person.id).where(Person.corrected)))
        named = set(session.scalars(select(Person.id).where(Person.name.is_not(None))))
        kept = _match_previous(previous, corrected, named)
        new = {number: Person(name=None) for number in range(num_persons) if number not in kept}
        session.add_all(new.values())
        session.flush()
        ids = [kept[number] if number in kept else new[number].id for number in range(num_persons)]
        changed = [{"id": d, "person_id": ids[number] if number >= 0 else None} for d, number in person_of.items()]
        if changed:
            session.execute(update(Detection), changed)
        unused = Person.id.not_in(select(Detection.person_id).where(Detection.person_id.is_not(None)))
        lost = session.scalars(select(Person).where(unused, Person.name.is_not(None)).order_by(Person.id)).all()
        if lost and not lose_names:
            changes = "; ".join(
                f"{row.name} ({row.id}) {_describe_change(previous.get(row.id, Counter()), ids)}" for row in lost
            )
            raise UserError(
                f"names would be lost, so nothing was stored: {changes}\nuse another --threshold, or --lose-names to "
                "delete them"
            )
        session.execute(delete(Person).where(unused), execution_options={"synchronize_session": False})
    return np.array(ids, np.int64)


def _match_previous(previous: Mapping[int, Counter[int]], corrected: set[int], named: set[int]) -> dict[int, int]:
    """Map new persons to the earlier ids they keep: corrected persons first, then named ones, then by size."""
    matches: dict[int, int] = {}
    order = {old: (old not in corrected, old not in named, -parts.total(), old) for old, parts in previous.items()}
    for old in sorted(previous, key=order.__getitem__):
        person = _largest_part(previous[old])
        if person >= 0:
            matches.setdefault(person, old)
    return matches


def _largest_part(parts: Counter[int]) -> int:
    """Return the new person with most detections of an earlier one, or -1 if all of them are unassigned."""
    return max((number for number in parts if number >= 0), key=lambda number: (parts[number], -number), default=-1)


def _describe_change(parts: Counter[int], ids: Sequence[int]) -> str:
    person = _largest_part(parts)
    return "would be unassigned" if person < 0 else f"would be merged into person {ids[person]}"
