"""Tables of registration and provisioning. Tokens are kept as SHA-256 (hex); times are Unix seconds."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from idp.schema import metadata

initial_access_token = Table(
    "initial_access_token",
    metadata,
    Column("token_id", String(32), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("label", String(200), nullable=False),
    Column("issued_by", String(200), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("uses_left", Integer, nullable=False),
    Column("profile", String(16), nullable=False),
    Column("profile_until", BigInteger, nullable=False),
    Column("agency", String(35), nullable=False),
    Column("scopes", Text, nullable=False),
)

registration_access = Table(
    "registration_access",
    metadata,
    Column("client_id", String(200), ForeignKey("client.client_id"), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("initial_token_id", String(32), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
)

# What SCIM keeps besides the directory: who provisioned it, and under which id of theirs.
# ``attributes``: what SCIM knows and the directory has no place for, a JSON object.
provisioned = Table(
    "provisioned",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("resource_id", String(64), primary_key=True),
    Column("external_id", String(200), nullable=True),
    Column("client_id", String(200), nullable=False),
    Column("attributes", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
Index("ix_provisioned_external_id", provisioned.c.kind, provisioned.c.external_id)
