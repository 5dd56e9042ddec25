"""The life of a credential: office, custodian, renewals, KEKs, and the mark of a copy."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("office", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("custodian", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("key_number", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("key_made_at", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revocation_reason", sa.String(length=32), nullable=True),
    ):
        op.add_column("credential", column)
    op.execute("UPDATE credential SET key_made_at = created_at")
    op.create_index("ix_credential_not_after", "credential", ["not_after"], unique=False)
    op.create_index("ix_credential_kek_label", "credential", ["kek_label"], unique=False)
    op.create_table(
        "past_certificate",
        sa.Column("credential_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("certificates", sa.Text(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        _of_credential("past_certificate"),
        sa.PrimaryKeyConstraint("credential_id", "number", name=op.f("pk_past_certificate")),
    )
    op.create_table(
        "renewal",
        sa.Column("credential_id", sa.String(length=64), nullable=False),
        sa.Column("key_number", sa.Integer(), nullable=False),
        sa.Column("key_label", sa.String(length=100), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("kek_label", sa.String(length=100), nullable=True),
        sa.Column("spki", sa.LargeBinary(), nullable=False),
        sa.Column("key_made_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        _of_credential("renewal"),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_renewal")),
    )
    kek = op.create_table(
        "kek",
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("replaced_by", sa.String(length=100), nullable=True),
        sa.CheckConstraint("state IN ('current','retired','destroyed')", name=op.f("ck_kek_state")),
        sa.PrimaryKeyConstraint("label", name=op.f("pk_kek")),
    )
    # Until here every wrapped key was wrapped under this one.
    op.bulk_insert(kek, [{"label": "kek-1", "state": "current", "made_at": 0}])
    op.create_table(
        "rewrapped_key",
        sa.Column("credential_id", sa.String(length=64), nullable=False),
        sa.Column("kek_label", sa.String(length=100), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("replaces", sa.LargeBinary(length=32), nullable=False),
        _of_credential("rewrapped_key"),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_rewrapped_key")),
    )
    op.create_table(
        "store_copy",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("copy_id", sa.String(length=64), nullable=False),
        sa.Column("copied_at", sa.BigInteger(), nullable=False),
        sa.Column("journal_size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_store_copy_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_copy")),
    )


def _of_credential(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["credential_id"],
        ["credential.credential_id"],
        name=op.f(f"fk_{table}_credential_id_credential"),
    )


def downgrade() -> None:
    raise NotImplementedError("certificates of the past are never taken back")
