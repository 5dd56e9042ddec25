"""The tables. Times are Unix seconds; ids are 32 hex digits; ``schema/versions`` makes exactly these."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

document = Table(
    "document",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("client_id", String(200), nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("signatures", Integer, nullable=False),
    Column("pdfa", String(40), nullable=False),
    Column("findings", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_document_client", "client_id", "created_at", "id"),
    Index("ix_document_expires_at", "expires_at"),
)

# ``fence`` grows with every claim: a result is written only by the holder of the newest one.
# ``file`` is the file in the documents' folder that holds the prepared, later the signed document.
signature = Table(
    "signature",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("client_id", String(200), nullable=False),
    Column("document_id", String(32), nullable=False),
    Column("resume_key", String(64), nullable=True, unique=True),
    Column("state", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("credential_id", String(200), nullable=False),
    Column("level", String(10), nullable=False),
    Column("on_unavailable", String(4), nullable=False),
    Column("act", LargeBinary, nullable=False),
    Column("base_sha256", String(64), nullable=False),
    Column("prepared", Text, nullable=False),
    Column("signature_value", LargeBinary, nullable=True),
    Column("certificates", LargeBinary, nullable=True),
    Column("leaf_index", BigInteger, nullable=True),
    Column("receipt_entry", LargeBinary, nullable=True),
    Column("receipt_proof", Text, nullable=True),
    Column("timestamp_token", LargeBinary, nullable=True),
    Column("result_sha256", String(64), nullable=True),
    Column("result_size", BigInteger, nullable=True),
    Column("failure_code", String(60), nullable=True),
    Column("failure_message", Text, nullable=True),
    Column("failure_message_en", Text, nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("approve_until", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_signature_due", "state", "next_attempt_at"),
    Index("ix_signature_document", "document_id"),
    Index("ix_signature_expires_at", "expires_at"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("client_id", String(200), nullable=False),
    Column("key", String(200), nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("attempt", String(32), nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("status", Integer, nullable=True),
    Column("headers", Text, nullable=True),
    Column("body", LargeBinary, nullable=True),
    Column("expires_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("client_id", "key"),
    Index("ix_idempotency_expires_at", "expires_at"),
)

# An asynchronous CSC answer: ready in ``answer`` (JSON), or to be made of ``signatures`` (ids, by spaces).
csc_response = Table(
    "csc_response",
    metadata,
    Column("id", String(43), primary_key=True),
    Column("client_id", String(200), nullable=False),
    Column("answer", Text, nullable=True),
    Column("signatures", Text, nullable=True),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_csc_response_expires_at", "expires_at"),
)

# A CSC authorisation under way. Of the handle only the digest is kept; the SAD only sealed under it.
csc_authorization = Table(
    "csc_authorization",
    metadata,
    Column("handle_digest", LargeBinary, primary_key=True),
    Column("client_id", String(200), nullable=False),
    Column("credential_id", String(200), nullable=False),
    Column("act", LargeBinary, nullable=False),
    Column("sealed_sad", LargeBinary, nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    # When a person approves it on a page: who, for which system, and where the browser goes afterwards.
    Column("person_id", String(200), nullable=True),
    Column("client_name", String(200), nullable=True),
    Column("return_uri", Text, nullable=True),
    Column("rejected_at", BigInteger, nullable=True),
    # Where documents were left out of ``act``.
    Column("approved_act", LargeBinary, nullable=True),
    Index("ix_csc_authorization_newest", "client_id", "credential_id", "created_at"),
    Index("ix_csc_authorization_expires_at", "expires_at"),
)

# A file that left signed, by its digest. What else is here stands in the document's own certificate.
issued = Table(
    "issued",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("base_sha256", String(64), nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    Column("signer", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("level", String(10), nullable=False),
    Column("training", Integer, nullable=False),
    Column("leaf_index", BigInteger, nullable=True),
    Index("ix_issued_signed_at", "signed_at"),
)
