"""The first schema: credentials, approvers, grants and the journal."""

import sqlalchemy as sa
from alembic import op

from hsm.journal.tables import INSERT_ONLY_DDL

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "admin",
        sa.Column("admin_id", sa.String(length=200), nullable=False),
        sa.Column("kid", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.CheckConstraint("state IN ('active','retired')", name=op.f("ck_admin_state")),
        sa.PrimaryKeyConstraint("admin_id", name=op.f("pk_admin")),
        sa.UniqueConstraint("kid", name=op.f("uq_admin_kid")),
    )
    op.create_table(
        "client_key",
        sa.Column("kid", sa.String(length=100), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('active','retired')", name=op.f("ck_client_key_state")),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_client_key")),
    )
    op.create_table(
        "credential",
        sa.Column("credential_id", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("algorithm", sa.String(length=16), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("training", sa.Boolean(), nullable=False),
        sa.Column("key_label", sa.String(length=100), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("kek_label", sa.String(length=100), nullable=True),
        sa.Column("spki", sa.LargeBinary(), nullable=False),
        sa.Column("certificates", sa.Text(), nullable=True),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("not_after", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('created','active','suspended','revoked','destroyed')",
            name=op.f("ck_credential_state"),
        ),
        sa.CheckConstraint("key_label IS NOT NULL OR kek_label IS NOT NULL", name=op.f("ck_credential_key")),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_credential")),
    )
    op.create_index("ix_credential_holder", "credential", ["holder"], unique=False)
    op.create_table(
        "journal_entry",
        sa.Column(
            "index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_journal_entry")),
    )
    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_journal_head_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "journal_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "tile_index",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("hashes", sa.LargeBinary(length=8192), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "tile_index", name=op.f("pk_journal_tile")),
    )
    op.create_table(
        "performed_act",
        sa.Column("act_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("act", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("act_digest", name=op.f("pk_performed_act")),
    )
    op.create_table(
        "spent_token",
        sa.Column("jti", sa.String(length=200), nullable=False),
        sa.Column("source", sa.LargeBinary(length=32), nullable=False),
        sa.Column("act_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("jti", "source", name=op.f("pk_spent_token")),
    )
    op.create_table(
        "grant_",
        sa.Column("act_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sad_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("act", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("credential_id", sa.String(length=64), nullable=False),
        sa.Column("approval_kind", sa.String(length=32), nullable=False),
        sa.Column("approval_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credential.credential_id"], name=op.f("fk_grant__credential_id_credential")
        ),
        sa.PrimaryKeyConstraint("act_digest", name=op.f("pk_grant_")),
        sa.UniqueConstraint("sad_digest", name=op.f("uq_grant__sad_digest")),
    )
    op.create_table(
        "grant_item",
        sa.Column("act_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('AUTHORIZED','RESERVED','USED','UNRESOLVED')", name=op.f("ck_grant_item_state")
        ),
        sa.ForeignKeyConstraint(
            ["act_digest"], ["grant_.act_digest"], name=op.f("fk_grant_item_act_digest_grant_")
        ),
        sa.PrimaryKeyConstraint("act_digest", "position", name=op.f("pk_grant_item")),
    )
    op.create_index(
        "ix_grant_item_reserved",
        "grant_item",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state = 'RESERVED'"),
        postgresql_where=sa.text("state = 'RESERVED'"),
    )
    for statement in INSERT_ONLY_DDL[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the journal is never taken back")
