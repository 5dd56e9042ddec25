"""Policy versions with their approvals, counters of quotas, seals of the rows that say whose key is whose."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("admin", sa.Column("person_id", sa.String(length=200), nullable=True))
    for table in ("admin", "client_key", "passkey"):
        op.add_column(table, sa.Column("seal", sa.LargeBinary(), nullable=True))
    op.add_column("grant_", sa.Column("policy_version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("grant_", sa.Column("asked", sa.Text(), nullable=False, server_default="{}"))
    op.create_table(
        "policy_bundle",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_policy_bundle")),
    )
    op.create_table(
        "policy_version",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("act", sa.LargeBinary(), nullable=False),
        sa.Column("approvals", sa.Text(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.Column("activated_at", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bundle"], ["policy_bundle.digest"], name=op.f("fk_policy_version_bundle_policy_bundle")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policy_version")),
    )
    op.create_table(
        "quota_count",
        sa.Column("quota", sa.String(length=63), nullable=False),
        sa.Column("subject", sa.String(length=264), nullable=False),
        sa.Column("window_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("quota", "subject", "window_start", name=op.f("pk_quota_count")),
    )


def downgrade() -> None:
    raise NotImplementedError("what was approved is never taken back")
