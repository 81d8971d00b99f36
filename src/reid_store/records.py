"""Look up what a row stands for, or write it: cameras, models, recordings."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from learning_reid.detection.detections import Detector
from learning_reid.embedding.embedder import Embedder
from learning_reid.errors import UserError
from learning_reid.models.resolve_weights import locate_weights
from learning_reid.zoo.checksums import sha256_of
from reid_store.schema import Camera, Embedding, Model, Recording

LONGEST_NAME = 64  # letters


def embedder_row(session: Session, name: str, weights: str, embedder: Embedder) -> Model:
    """The row of an embedding network: by its weights' checksum and its preprocessing; written where it is new."""
    preprocessing = embedder.preprocessing
    size = f"{preprocessing.height}×{preprocessing.width}"
    told = f"RGB {size}, mean {preprocessing.mean}, deviation {preprocessing.std}"
    sha256 = sha256_of(locate_weights(name, weights))
    return _model(session, Model(
        kind="embedder", name=name, weights=weights, weights_sha256=sha256, preprocessing=told,
        dimension=embedder.dimension,
    ))  # fmt: skip


def detector_row(session: Session, name: str, weights: str, min_score: float | None, detector: Detector) -> Model:
    """The row of a detector: by its weights' checksum and its least score; written where it is new."""
    score = "the score it ships with" if min_score is None else f"score {min_score:g} or more"
    return _model(session, Model(
        kind="detector", name=name, weights=weights, weights_sha256=sha256_of(detector.weights), preprocessing=score,
        dimension=0,
    ))  # fmt: skip


def check_name(name: str, option: str) -> None:
    """Refuse what cannot be shown as the name of a camera or a person.

    Raises:
        UserError: it is empty, too long, or holds what is no letter: line ends, commands to a terminal.
    """
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise UserError(f"{option} {name!r}: no name; give one of 1 to {LONGEST_NAME} letters, such as yard")


def embedders() -> Select[Model]:
    """A query over the networks of which there are vectors: one that was named once and refused has none."""
    has_vectors = select(Embedding.model_id).where(Embedding.model_id == Model.id).exists()
    return select(Model).where(Model.kind == "embedder", has_vectors).order_by(Model.id)


def find_embedder(session: Session, name: str, weights: str) -> Model:
    """The row of an embedding network that has been used here.

    Raises:
        UserError: it has not; which ones have, and how to add it.
    """
    sha256 = sha256_of(locate_weights(name, weights))
    wanted = embedders().where(Model.name == name, Model.weights_sha256 == sha256)
    if (found := session.scalars(wanted).first()) is not None:
        return found
    there = [model.told for model in session.scalars(embedders())]
    if not there:
        raise UserError("nobody is in the store yet; fill it with: python src/main.py extract --input …")
    raise UserError(
        f"the store holds no vectors of {name} ({weights}), only of {', '.join(there)}: vectors of different networks "
        f"cannot be compared\nadd them beside the others: extract --set embedder.name={name} "
        f"--set embedder.weights={weights}"
    )


def _model(session: Session, wanted: Model) -> Model:
    same = select(Model).where(
        Model.kind == wanted.kind,
        Model.name == wanted.name,
        Model.weights_sha256 == wanted.weights_sha256,
        Model.preprocessing == wanted.preprocessing,
    )
    if (found := session.scalars(same).first()) is not None:
        return found
    session.add(wanted)
    session.flush()
    return wanted


def recording_row(
    session: Session, camera: str, source: str, starts_s: float, frames_per_second: float, detector: Model
) -> Recording:
    """The row of a camera's recording; written where it is new.

    Raises:
        UserError: it is there with another start, rate or detector: what was stored would contradict what is to come.
    """
    row = session.scalars(select(Camera).where(Camera.name == camera)).first()
    if row is None:
        row = Camera(name=camera)
        session.add(row)
        session.flush()
    found = session.scalars(select(Recording).where(Recording.camera_id == row.id, Recording.source == source)).first()
    if found is None:
        found = Recording(
            camera_id=row.id, source=source, starts_s=starts_s, frames_per_second=frames_per_second,
            detector_id=detector.id,
        )  # fmt: skip
        session.add(found)
        session.flush()
        return found
    if (found.starts_s, found.frames_per_second) != (starts_s, frames_per_second):
        raise UserError(
            f"{source} of camera {camera} was stored with another start or frame rate; give the same --start and "
            "--fps, or another --camera"
        )
    if found.detector_id != detector.id:
        former = session.get_one(Model, found.detector_id)
        raise UserError(
            f"{source} of camera {camera} was looked at by the detector {former.told}, {former.preprocessing}, and not "
            f"by {detector.told}, {detector.preprocessing}; name that one again, or give another --camera"
        )
    return found
