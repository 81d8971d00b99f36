"""Look up or add the rows of cameras, models and recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.schema import Camera, Embedding, Model, Recording

if TYPE_CHECKING:
    from learning_reid.config.schema import DetectorSettings, EmbedderSettings
    from learning_reid.detection.detections import Detector
    from learning_reid.embedding.embedder import Embedder
    from learning_reid.embedding.model_choice import NamedModel

MAX_NAME_LENGTH = 64


def get_embedder_row(session: Session, settings: EmbedderSettings | NamedModel, embedder: Embedder) -> Model:
    """Return the row of an embedding network, identified by its weights' checksum and its preprocessing."""
    preprocessing = embedder.preprocessing
    size = f"{preprocessing.height}×{preprocessing.width}"
    description = f"RGB {size}, mean {preprocessing.mean}, deviation {preprocessing.std}"
    return _get_model(session, Model(
        kind="embedder", name=settings.name, weights=settings.weights,
        weights_sha256=_weights_sha256(settings.name, settings.weights), preprocessing=description,
        dimension=embedder.dimension,
    ))  # fmt: skip


def get_detector_row(session: Session, settings: DetectorSettings, detector: Detector) -> Model:
    """Return the row of a detector, identified by its weights' checksum and its minimum score."""
    from learning_reid.detection.registry import choose_detector
    from learning_reid.zoo.checksums import sha256_of

    sha256 = "" if detector.weights is None else sha256_of(detector.weights)
    # These texts identify the row, so they must not change: existing stores contain them.
    score = "the score it ships with" if settings.min_score is None else f"score {settings.min_score:g} or more"
    name = choose_detector(settings.name, settings.weights)
    return _get_model(session, Model(
        kind="detector", name=name, weights=settings.weights, weights_sha256=sha256,
        preprocessing=score, dimension=0,
    ))  # fmt: skip


def check_name(name: str, option: str) -> None:
    """Check the name of a camera or a person.

    Raises:
        UserError: It is empty, too long, or has characters that cannot be printed, such as line ends.
    """
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > MAX_NAME_LENGTH:
        raise UserError(f"{option} {name!r} is not a valid name; use 1 to {MAX_NAME_LENGTH} printable characters")


def select_embedders() -> Select[Model]:
    """Build a query over the embedding networks that have at least one embedding."""
    has_embeddings = select(Embedding.model_id).where(Embedding.model_id == Model.id).exists()
    return select(Model).where(Model.kind == "embedder", has_embeddings).order_by(Model.id)


def find_embedder(session: Session, name: str, weights: str) -> Model:
    """Return the row of an embedding network that has embeddings in this store.

    Raises:
        UserError: It has none; the networks that have are listed, and how to add this one.
    """
    sha256 = _weights_sha256(name, weights)
    wanted = select_embedders().where(Model.name == name, Model.weights_sha256 == sha256)
    if (found := session.scalars(wanted).first()) is not None:
        return found
    available = [model.label for model in session.scalars(select_embedders())]
    if not available:
        raise UserError("the store is empty; fill it with: python src/main.py extract --input …")
    raise UserError(
        f"the store has no embeddings of {name} ({weights}), only of {', '.join(available)}: embeddings of different "
        f"networks cannot be compared\nadd them with: extract --set embedder.name={name} "
        f"--set embedder.weights={weights}"
    )


def get_recording_row(
    session: Session, camera: str, source: str, starts_s: float, frames_per_second: float, detector: Model
) -> Recording:
    """Return the row of a camera's recording, added if it is new.

    Raises:
        UserError: It is stored with another start, frame rate or detector.
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
            f"{source} of camera {camera} is stored with another start or frame rate; use the same --start and --fps, "
            "or another --camera"
        )
    if found.detector_id != detector.id:
        former = session.get_one(Model, found.detector_id)
        raise UserError(
            f"{source} of camera {camera} is stored with the detector {former.label}, {former.preprocessing}, not with "
            f"{detector.label}, {detector.preprocessing}; use the same detector, or another --camera"
        )
    return found


def _weights_sha256(name: str, weights: str) -> str:
    from learning_reid.models.weights_file import resolve_weights
    from learning_reid.zoo.checksums import sha256_of

    return sha256_of(resolve_weights(name, weights))


def _get_model(session: Session, wanted: Model) -> Model:
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
