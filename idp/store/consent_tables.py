"""What people allowed relying parties: one row for each person and client."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from idp.schema import metadata

consent = Table(
    "consent",
    metadata,
    Column("person_id", String(64), primary_key=True),
    Column("client_id", String(200), primary_key=True),
    # JSON lists of names: everything allowed and not revoked; and optional claims that were not.
    Column("scopes", Text, nullable=False),
    Column("claims", Text, nullable=False),
    Column("declined", Text, nullable=False),
    Column("given_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
Index("ix_consent_client_id", consent.c.client_id)
