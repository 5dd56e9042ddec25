"""A person's part in an administrative act, asked for by a link to the approval page."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("handle_digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("act", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
    )
    op.create_index("ix_consent_expires_at", "consent", ["expires_at"])


def downgrade() -> None:
    op.drop_table("consent")
