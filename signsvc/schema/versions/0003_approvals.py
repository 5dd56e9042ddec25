"""Approvals on a page: who approves, for which system, and where the browser goes afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("csc_authorization", sa.Column("person_id", sa.String(200), nullable=True))
    op.add_column("csc_authorization", sa.Column("client_name", sa.String(200), nullable=True))
    op.add_column("csc_authorization", sa.Column("return_uri", sa.Text(), nullable=True))
    op.add_column("csc_authorization", sa.Column("rejected_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup")
