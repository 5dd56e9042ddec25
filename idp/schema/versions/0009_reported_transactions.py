"""Which transactions a system has reported already.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reported_transaction",
        sa.Column("client_id", sa.String(200), primary_key=True),
        sa.Column("reference", sa.String(64), primary_key=True),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("reported_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_reported_transaction_reported_at", "reported_transaction", ["reported_at"])


def downgrade() -> None:
    op.drop_table("reported_transaction")
