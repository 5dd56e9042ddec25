"""Which leaves of the journal are uses of which key: an index that follows the journal."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journal_use",
        sa.Column(
            "leaf_index",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("credential_id", sa.String(length=64), nullable=False),
        sa.Column("outcome_index", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_journal_use")),
    )
    op.create_index("ix_journal_use_credential", "journal_use", ["credential_id", "leaf_index"], unique=False)
    head = op.create_table(
        "journal_use_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_journal_use_head_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_use_head")),
    )
    op.bulk_insert(head, [{"id": 1, "size": 0}])


def downgrade() -> None:
    op.drop_table("journal_use_head")
    op.drop_index("ix_journal_use_credential", "journal_use")
    op.drop_table("journal_use")
