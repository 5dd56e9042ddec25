"""Clients with their keys, and revoked tokens.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client",
        sa.Column("client_id", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("token_algorithm", sa.String(16), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("resources", sa.Text, nullable=False),
        sa.Column("credential_ids", sa.Text, nullable=False),
        sa.Column("introspects", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("state IN ('active','disabled')", name="ck_client_state"),
        sa.CheckConstraint("token_algorithm IN ('ES256','RS256')", name="ck_client_token_algorithm"),
    )
    op.create_table(
        "client_key",
        sa.Column("client_id", sa.String(200), sa.ForeignKey("client.client_id"), primary_key=True),
        sa.Column("kid", sa.String(200), primary_key=True),
        sa.Column("jwk", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "revoked_token",
        sa.Column("jti", sa.String(200), primary_key=True),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("revoked_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_revoked_token_expires_at", "revoked_token", ["expires_at"])


def downgrade() -> None:
    op.drop_table("revoked_token")
    op.drop_table("client_key")
    op.drop_table("client")
