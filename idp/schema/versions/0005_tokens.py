"""Refresh families.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def upgrade() -> None:
    op.create_table(
        "refresh_family",
        sa.Column("family_id", sa.String(43), primary_key=True),
        _text("client_id", 200),
        _text("person_id", 36),
        _text("session_id", 43),
        sa.Column("offline", sa.Boolean, nullable=False),
        sa.Column("authorization", sa.Text, nullable=False),
        _text("jkt", 43),
        _text("x5t", 43),
        sa.Column("generation", sa.Integer, nullable=False),
        _time("rotated_at"),
        _time("created_at"),
        _time("used_at"),
        _time("expires_at"),
        sa.Column("revoked_at", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("revoke_reason", sa.String(32), nullable=False, server_default=""),
    )
    op.create_index("ix_refresh_family_session_id", "refresh_family", ["session_id"])
    op.create_index("ix_refresh_family_person_id", "refresh_family", ["person_id"])
    op.create_index("ix_refresh_family_expires_at", "refresh_family", ["expires_at"])
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("family_id", sa.String(43), sa.ForeignKey("refresh_family.family_id"), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
    )
    op.create_index("ix_refresh_token_family_id", "refresh_token", ["family_id"])


def downgrade() -> None:
    op.drop_table("refresh_token")
    op.drop_table("refresh_family")
