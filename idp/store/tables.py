"""The tables. Times are Unix seconds; lists are JSON text; keys are public JWKs."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, String, Table, Text

from idp.schema import metadata

client = Table(
    "client",
    metadata,
    Column("client_id", String(200), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("contact", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("token_algorithm", String(16), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("resources", Text, nullable=False),
    Column("credential_ids", Text, nullable=False),
    Column("introspects", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    # A JSON object: ClientMetadata.plain().
    Column("metadata", Text, nullable=False, server_default="{}"),
    CheckConstraint("state IN ('active','disabled')", name="state"),
    CheckConstraint("token_algorithm IN ('ES256','RS256')", name="token_algorithm"),
)

client_key = Table(
    "client_key",
    metadata,
    Column("client_id", String(200), ForeignKey("client.client_id"), primary_key=True),
    Column("kid", String(200), primary_key=True),
    Column("jwk", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

# Rows are kept until the token would have expired anyway.
revoked_token = Table(
    "revoked_token",
    metadata,
    Column("jti", String(200), primary_key=True),
    Column("client_id", String(200), nullable=False),
    Column("revoked_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
Index("ix_revoked_token_expires_at", revoked_token.c.expires_at)
