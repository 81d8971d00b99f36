"""Mark persons that were corrected by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("identities", sa.Column("corrected", sa.Boolean(), nullable=False, server_default=sa.false()))
