"""CSC: asynchronous answers, authorisations under way."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "csc_response",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("signatures", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_csc_response")),
    )
    op.create_index("ix_csc_response_expires_at", "csc_response", ["expires_at"], unique=False)
    op.create_table(
        "csc_authorization",
        sa.Column("handle_digest", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("credential_id", sa.String(length=200), nullable=False),
        sa.Column("act", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_sad", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("handle_digest", name=op.f("pk_csc_authorization")),
    )
    op.create_index(
        "ix_csc_authorization_newest",
        "csc_authorization",
        ["client_id", "credential_id", "created_at"],
        unique=False,
    )
    op.create_index("ix_csc_authorization_expires_at", "csc_authorization", ["expires_at"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("go back by restoring a backup")
