"""What the key process remembers of credentials' lives beside their rows: renewals, KEKs, a copy's mark.

Times are Unix seconds, certificates PEM, keys as in ``hsm.tables``.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from hsm.schema import metadata

_CREDENTIAL = "credential.credential_id"

# The certificates a credential had before: for whoever validates what they signed.
past_certificate = Table(
    "past_certificate",
    metadata,
    Column("credential_id", String(64), ForeignKey(_CREDENTIAL), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1 is the first
    Column("certificates", Text, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("not_after", BigInteger, nullable=False),
    Column("replaced_at", BigInteger, nullable=False),
)

# A renewal that waits for its certificate; the credential signs with the old one meanwhile.
renewal = Table(
    "renewal",
    metadata,
    Column("credential_id", String(64), ForeignKey(_CREDENTIAL), primary_key=True),
    Column("key_number", Integer, nullable=False),  # the credential's own: the same key again
    Column("key_label", String(100)),
    Column("wrapped_key", LargeBinary),
    Column("kek_label", String(100)),
    Column("spki", LargeBinary, nullable=False),
    Column("key_made_at", BigInteger, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
)

# Key-encryption keys. One is current: new keys are wrapped under it.
kek = Table(
    "kek",
    metadata,
    Column("label", String(100), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
    Column("replaced_by", String(100)),
    CheckConstraint("state IN ('current','retired','destroyed')", name="state"),
)

# Keys that were wrapped anew and wait until the key process has tried them (hsm.acts.rotate_kek).
rewrapped_key = Table(
    "rewrapped_key",
    metadata,
    Column("credential_id", String(64), ForeignKey(_CREDENTIAL), primary_key=True),
    Column("kek_label", String(100), nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("replaces", LargeBinary(32), nullable=False),  # SHA-256 of the blob that was unwrapped
)

# Only a copy has this row: a key process that finds it does not go on as if it were the original.
store_copy = Table(
    "store_copy",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("copy_id", String(64), nullable=False),
    Column("copied_at", BigInteger, nullable=False),
    Column("journal_size", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one"),
)
