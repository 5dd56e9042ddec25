"""What people allowed relying parties.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("client_id", sa.String(200), primary_key=True),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("claims", sa.Text, nullable=False),
        sa.Column("declined", sa.Text, nullable=False),
        sa.Column("given_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_consent_client_id", "consent", ["client_id"])


def downgrade() -> None:
    op.drop_table("consent")
