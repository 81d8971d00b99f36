"""Add the file name of a frame."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("frames", sa.Column("name", sa.String(), nullable=True))
