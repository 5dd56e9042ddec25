"""Offices, the posts in them, and the mandates that one post's holder gives another's."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "office",
        sa.Column("office_id", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("above", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("training", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('active','retired')", name=op.f("ck_office_state")),
        sa.PrimaryKeyConstraint("office_id", name=op.f("pk_office")),
    )
    op.create_table(
        "post",
        sa.Column("post_id", sa.String(length=64), nullable=False),
        sa.Column("office_id", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("rank", sa.String(length=16), nullable=False),
        sa.Column("capacity", sa.String(length=200), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "rank IN ('head','deputy','unit_head','unit_deputy','member')", name=op.f("ck_post_rank")
        ),
        _reference("post", "office_id", "office.office_id"),
        _reference("post", "person_id", "person.person_id"),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_post")),
    )
    op.create_index("ix_post_person_id", "post", ["person_id"], unique=False)
    op.create_table(
        "mandate",
        sa.Column("mandate_id", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("office_id", sa.String(length=200), nullable=False),
        sa.Column("from_post", sa.String(length=64), nullable=True),
        sa.Column("from_mandate", sa.String(length=64), nullable=True),
        sa.Column("to_post", sa.String(length=64), nullable=False),
        sa.Column("capacity", sa.String(length=200), nullable=False),
        sa.Column("operations", sa.String(length=100), nullable=False),
        sa.Column("document_kinds", sa.Text(), nullable=False),
        sa.Column("written", sa.String(length=200), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("form IN ('TM','KT','TL','TUQ','Q')", name=op.f("ck_mandate_form")),
        sa.CheckConstraint("(from_post IS NULL) <> (from_mandate IS NULL)", name=op.f("ck_mandate_ground")),
        _reference("mandate", "office_id", "office.office_id"),
        _reference("mandate", "from_post", "post.post_id"),
        _reference("mandate", "from_mandate", "mandate.mandate_id"),
        _reference("mandate", "to_post", "post.post_id"),
        sa.PrimaryKeyConstraint("mandate_id", name=op.f("pk_mandate")),
    )
    op.create_index("ix_mandate_to_post", "mandate", ["to_post"], unique=False)


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [target], name=op.f(f"fk_{table}_{column}_{target.partition('.')[0]}")
    )


def downgrade() -> None:
    raise NotImplementedError("who could sign for whom is never forgotten")
