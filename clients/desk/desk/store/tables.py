"""The desk's own tables. Documents themselves are at the signing service."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

document = Table(
    "document",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("subject", String(200), nullable=False),  # whose desk it lies on
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),  # for searching: without case and marks
    Column("state", String(20), nullable=False),
    Column("remote_id", String(32), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("pages", Integer, nullable=False),
    Column("findings", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    # What was prepared last, and shown: its digest is what is approved
    Column("credential_id", String(200), nullable=False, server_default=""),
    Column("signature_id", String(32), nullable=False, server_default=""),
    Column("digest", String(44), nullable=False, server_default=""),
    Column("suffix", LargeBinary, nullable=True),
    Column("gap_start", BigInteger, nullable=False, server_default="0"),
    Column("gap_end", BigInteger, nullable=False, server_default="0"),
    Column("prepared_at", BigInteger, nullable=False, server_default="0"),
    Column("batch_id", String(32), nullable=False, server_default=""),
    Column("approved_at", BigInteger, nullable=False, server_default="0"),
    # What came of it
    Column("signed_at", BigInteger, nullable=False, server_default="0"),
    Column("leaf_index", BigInteger, nullable=True),
    Column("receipt", Text, nullable=True),
    Column("problem", Text, nullable=False, server_default=""),
    Column("problem_en", Text, nullable=False, server_default=""),
    Index("ix_document_desk", "subject", "state", "created_at"),
    Index("ix_document_batch", "batch_id"),
)
event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("document_id", String(32), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("leaf_index", BigInteger, nullable=True),
    Index("ix_event_document", "document_id", "id"),
)
