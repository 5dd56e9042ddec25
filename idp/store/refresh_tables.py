"""Refresh families. Times are Unix seconds; of tokens only the SHA-256 (hex) is kept."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from idp.schema import metadata

refresh_family = Table(
    "refresh_family",
    metadata,
    Column("family_id", String(43), primary_key=True),
    Column("client_id", String(200), nullable=False),
    Column("person_id", String(36), nullable=False),
    Column("session_id", String(43), nullable=False),
    # With offline_access it outlives the session.
    Column("offline", Boolean, nullable=False),
    # Authorization.plain(), what refreshed tokens repeat.
    Column("authorization", Text, nullable=False),
    Column("jkt", String(43), nullable=False),
    Column("x5t", String(43), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("rotated_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger, nullable=False, server_default="0"),
    Column("revoke_reason", String(32), nullable=False, server_default=""),
)
Index("ix_refresh_family_session_id", refresh_family.c.session_id)
Index("ix_refresh_family_person_id", refresh_family.c.person_id)
Index("ix_refresh_family_expires_at", refresh_family.c.expires_at)

refresh_token = Table(
    "refresh_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("family_id", String(43), ForeignKey("refresh_family.family_id"), nullable=False),
    Column("generation", Integer, nullable=False),
)
Index("ix_refresh_token_family_id", refresh_token.c.family_id)
