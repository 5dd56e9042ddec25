"""Which leaves are uses of which key. Derived from the journal, and rebuilt from it at will: the journal
itself, exported and verified, is what proves that no use is left out."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table

from hsm.schema import metadata

journal_use = Table(
    "journal_use",
    metadata,
    Column("leaf_index", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("credential_id", String(64), nullable=False),
    Column("outcome_index", BigInteger),  # NULL: no outcome yet, or never (the process died in between)
)
Index("ix_journal_use_credential", journal_use.c.credential_id, journal_use.c.leaf_index)

# How many leaves are indexed: one row.
journal_use_head = Table(
    "journal_use_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one"),
)
