"""Initial access tokens, registration access tokens, provisioning.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "initial_access_token",
        sa.Column("token_id", sa.String(32), primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("issued_by", sa.String(200), nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("uses_left", sa.Integer, nullable=False),
        sa.Column("profile", sa.String(16), nullable=False),
        sa.Column("profile_until", sa.BigInteger, nullable=False),
        sa.Column("agency", sa.String(35), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
    )
    op.create_table(
        "registration_access",
        sa.Column("client_id", sa.String(200), sa.ForeignKey("client.client_id"), primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("initial_token_id", sa.String(32), nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "provisioned",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("resource_id", sa.String(64), primary_key=True),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("client_id", sa.String(200), nullable=False),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_provisioned_external_id", "provisioned", ["kind", "external_id"])


def downgrade() -> None:
    op.drop_table("provisioned")
    op.drop_table("registration_access")
    op.drop_table("initial_access_token")
