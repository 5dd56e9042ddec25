"""Organisations, persons, posts, mandates, factors.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("code", sa.String(35), primary_key=True),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("state IN ('active','closed')", name="ck_organisation_state"),
    )
    op.create_table(
        "person",
        sa.Column("person_id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("username", sa.String(200), nullable=True, unique=True),
        sa.Column("claims", sa.Text, nullable=False),
        sa.Column("identity_level", sa.String(2), nullable=False),
        sa.Column("number_index", sa.String(64), nullable=True, unique=True),
        sa.Column("number_sealed", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("kind IN ('citizen','official')", name="ck_person_kind"),
        sa.CheckConstraint("state IN ('active','suspended','left')", name="ck_person_state"),
    )
    op.create_table(
        "post",
        sa.Column("person_id", sa.String(36), sa.ForeignKey("person.person_id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("organisation", sa.String(35), sa.ForeignKey("organisation.code"), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
    )
    op.create_index("ix_post_organisation", "post", ["organisation"])
    op.create_table(
        "mandate",
        sa.Column("mandate_id", sa.String(36), primary_key=True),
        sa.Column("person_id", sa.String(36), sa.ForeignKey("person.person_id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("represented", sa.String(64), nullable=False),
        sa.Column("represented_name", sa.String(300), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        sa.Column("not_after", sa.BigInteger, nullable=False),
        sa.CheckConstraint("kind IN ('enterprise','child','ward','office')", name="ck_mandate_kind"),
    )
    op.create_index("ix_mandate_person_id", "mandate", ["person_id"])
    op.create_table(
        "factor",
        sa.Column("factor_id", sa.String(36), primary_key=True),
        sa.Column("person_id", sa.String(36), sa.ForeignKey("person.person_id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("handle", sa.String(1400), nullable=True, unique=True),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("counter", sa.BigInteger, nullable=False),
        sa.Column("bound_to_device", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "kind IN ('password','totp','passkey','recovery','certificate')", name="ck_factor_kind"
        ),
        sa.CheckConstraint("state IN ('active','suspended','retired')", name="ck_factor_state"),
    )
    op.create_index("ix_factor_person_id", "factor", ["person_id"])
    op.create_table(
        "upstream_account",
        sa.Column("upstream", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("person_id", sa.String(36), sa.ForeignKey("person.person_id"), nullable=False),
        sa.Column("linked_at", sa.BigInteger, nullable=False),
        sa.Column("last_login_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_upstream_account_person_id", "upstream_account", ["person_id"])


def downgrade() -> None:
    for table in ("upstream_account", "factor", "mandate", "post", "person", "organisation"):
        op.drop_table(table)
