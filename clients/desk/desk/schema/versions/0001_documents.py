"""Documents on somebody's desk, and who did what."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("remote_id", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("credential_id", sa.String(200), nullable=False, server_default=""),
        sa.Column("signature_id", sa.String(32), nullable=False, server_default=""),
        sa.Column("digest", sa.String(44), nullable=False, server_default=""),
        sa.Column("suffix", sa.LargeBinary(), nullable=True),
        sa.Column("gap_start", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("gap_end", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("prepared_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("batch_id", sa.String(32), nullable=False, server_default=""),
        sa.Column("approved_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("signed_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False, server_default=""),
        sa.Column("problem_en", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index("ix_document_desk", "document", ["subject", "state", "created_at"])
    op.create_index("ix_document_batch", "document", ["batch_id"])
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("document_id", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
    )
    op.create_index("ix_event_document", "event", ["document_id", "id"])


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup")
