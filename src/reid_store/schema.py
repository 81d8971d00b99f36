"""The tables: cameras → recordings → frames → detections → embeddings, and the persons that group detections.

Times are seconds since 1970 in UTC (`time_s`), which compare alike on every server and in every time zone. A frame gets
its row only when everything in it is stored. Ids of deleted detections and persons are never reused, so that a
noted id cannot come to mean another person.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pgvector.sqlalchemy import Vector
from sqlalchemy import Dialect, ForeignKey, LargeBinary, MetaData, String, TypeDecorator, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from learning_reid.io.file_names import escape_surrogates, unescape_surrogates


class EmbeddingType(TypeDecorator[np.ndarray]):
    """An embedding (d,) float32: pgvector's type on PostgreSQL, raw bytes in SQLite."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of the database."""
        return dialect.type_descriptor(Vector() if dialect.name == "postgresql" else LargeBinary())

    def process_bind_param(self, value: np.ndarray | None, dialect: Dialect) -> Any:
        """Convert an array to a database value."""
        if value is None or dialect.name == "postgresql":
            return value
        return np.ascontiguousarray(value, np.float32).tobytes()

    def process_result_value(self, value: Any, dialect: Dialect) -> np.ndarray | None:
        """Convert a database value to an array."""
        if value is None or dialect.name == "postgresql":
            return None if value is None else np.asarray(value, np.float32)
        return np.frombuffer(value, np.float32)


class FileName(TypeDecorator[str]):
    """A file name or path as text, with escapes for bytes that are not UTF-8."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Escape a name for the database."""
        return None if value is None else escape_surrogates(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the name with which the file can be opened."""
        return None if value is None else unescape_surrogates(value)


class Base(DeclarativeBase):
    """Base class of all tables; constraints are named because migrations refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Camera(Base):
    """A camera view."""

    __tablename__ = "cameras"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String, unique=True)


class Model(Base):
    """A detector or embedder; results are comparable only if all of these columns are equal."""

    __tablename__ = "models"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]  # detector, embedder
    name: Mapped[str]
    weights: Mapped[str] = mapped_column(FileName)  # as the settings name them
    weights_sha256: Mapped[str]
    preprocessing: Mapped[str]  # height × width, mean and deviation; the minimum score of a detector
    dimension: Mapped[int]  # of its embeddings; 0 for a detector
    __table_args__ = (UniqueConstraint("kind", "name", "weights_sha256", "preprocessing"),)

    @property
    def label(self) -> str:
        """Name and weights, for messages."""
        return f"{self.name} ({self.weights})"


class Recording(Base):
    """A folder of frames or a video of one camera."""

    __tablename__ = "recordings"
    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("cameras.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(FileName)  # an absolute path, or synthetic:SEED
    starts_s: Mapped[float]
    frames_per_second: Mapped[float]
    detector_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    __table_args__ = (UniqueConstraint("camera_id", "source"),)


class StoredFrame(Base):
    """A frame whose detections and embeddings are stored."""

    __tablename__ = "frames"
    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    index: Mapped[int]
    name: Mapped[str | None] = mapped_column(FileName)  # of its file, or its number in a video; detects changed footage
    time_s: Mapped[float] = mapped_column(index=True)
    __table_args__ = (UniqueConstraint("recording_id", "index"),)


class Person(Base):
    """A person, made by clustering detections; names and corrections are set by hand."""

    __tablename__ = "identities"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    corrected: Mapped[bool] = mapped_column(default=False, server_default=false())  # merged or split by hand
    __table_args__ = ({"sqlite_autoincrement": True},)


class Detection(Base):
    """One person in one frame."""

    __tablename__ = "object_detections"
    id: Mapped[int] = mapped_column(primary_key=True)
    frame_id: Mapped[int] = mapped_column(ForeignKey("frames.id", ondelete="CASCADE"))
    number: Mapped[int]  # within the frame, from 0
    x1: Mapped[float]
    y1: Mapped[float]
    x2: Mapped[float]
    y2: Mapped[float]
    score: Mapped[float]
    thumbnail: Mapped[bytes]  # a JPEG file
    person_id: Mapped[int | None] = mapped_column(ForeignKey("identities.id", ondelete="SET NULL"), index=True)
    __table_args__ = (UniqueConstraint("frame_id", "number"), {"sqlite_autoincrement": True})


class Embedding(Base):
    """The embedding of a detection by one network; several networks can embed the same detection."""

    __tablename__ = "reid_embeddings"
    detection_id: Mapped[int] = mapped_column(ForeignKey("object_detections.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"), primary_key=True, index=True)
    reid_embedding: Mapped[np.ndarray] = mapped_column(EmbeddingType)
