"""Create the first tables."""

import sqlalchemy as sa
from alembic import op

from reid_store.schema import EmbeddingType

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "cameras",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cameras"),
        sa.UniqueConstraint("name", name="uq_cameras_name"),
    )
    op.create_table(
        "identities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("weights", sa.String(), nullable=False),
        sa.Column("weights_sha256", sa.String(), nullable=False),
        sa.Column("preprocessing", sa.String(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
        sa.UniqueConstraint(
            "kind", "name", "weights_sha256", "preprocessing", name="uq_models_kind_name_weights_sha256_preprocessing"
        ),
    )
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("camera_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("starts_s", sa.Double(), nullable=False),
        sa.Column("frames_per_second", sa.Double(), nullable=False),
        sa.Column("detector_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name="fk_recordings_camera_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["detector_id"], ["models.id"], name="fk_recordings_detector_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
        sa.UniqueConstraint("camera_id", "source", name="uq_recordings_camera_id_source"),
    )
    op.create_table(
        "frames",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("time_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.id"], name="fk_frames_recording_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_frames"),
        sa.UniqueConstraint("recording_id", "index", name="uq_frames_recording_id_index"),
    )
    op.create_index("ix_frames_time_s", "frames", ["time_s"])

    op.create_table(
        "object_detections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("frame_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("x1", sa.Double(), nullable=False),
        sa.Column("y1", sa.Double(), nullable=False),
        sa.Column("x2", sa.Double(), nullable=False),
        sa.Column("y2", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("thumbnail", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["frame_id"], ["frames.id"], name="fk_object_detections_frame_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["identities.id"], name="fk_object_detections_person_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_object_detections"),
        sa.UniqueConstraint("frame_id", "number", name="uq_object_detections_frame_id_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_object_detections_person_id", "object_detections", ["person_id"])

    op.create_table(
        "reid_embeddings",
        sa.Column("detection_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("reid_embedding", EmbeddingType(), nullable=False),
        sa.ForeignKeyConstraint(
            ["detection_id"], ["object_detections.id"], name="fk_reid_embeddings_detection_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name="fk_reid_embeddings_model_id"),
        sa.PrimaryKeyConstraint("detection_id", "model_id", name="pk_reid_embeddings"),
    )
    op.create_index("ix_reid_embeddings_model_id", "reid_embeddings", ["model_id"])


def downgrade() -> None:
    for table in ("reid_embeddings", "object_detections", "frames", "recordings", "models", "identities", "cameras"):
        op.drop_table(table)
