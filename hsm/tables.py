"""What the key process remembers: credentials, who may approve, and every grant.

Names of tables are the design's words. Times are Unix seconds, digests are raw bytes, keys and
certificates are DER.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from hsm.schema import metadata

credential = Table(
    "credential",
    metadata,
    Column("credential_id", String(64), primary_key=True),
    Column("profile", String(64), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("holder", String(200), nullable=False),
    Column("description", String(500), nullable=False),
    Column("training", Boolean, nullable=False),
    Column("key_label", String(100)),  # a token object …
    Column("wrapped_key", LargeBinary),  # … or a key wrapped (RFC 5649) under the KEK of this label
    Column("kek_label", String(100)),
    Column("spki", LargeBinary, nullable=False),
    Column("certificates", Text),  # PEM, the signer's first
    Column("not_before", BigInteger),
    Column("not_after", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    # A client and a person may have the same id: which of the two holds it.
    Column("holder_kind", String(16), nullable=False, server_default="Client"),
    Column("office", String(200), nullable=False, server_default=""),  # where its person works
    Column("custodian", String(200), nullable=False, server_default=""),  # the clerk who has the seal
    Column("key_number", Integer, nullable=False, server_default="1"),  # of its keys, one after another
    Column("key_made_at", BigInteger, nullable=False, server_default="0"),
    Column("revoked_at", BigInteger),
    Column("revocation_reason", String(32)),  # RFC 5280 §5.3.1, as its ASN.1 spells it
    CheckConstraint("state IN ('created','active','suspended','revoked','destroyed')", name="state"),
    CheckConstraint("key_label IS NOT NULL OR kek_label IS NOT NULL", name="key"),
)
Index("ix_credential_holder", credential.c.holder)
Index("ix_credential_not_after", credential.c.not_after)
Index("ix_credential_kek_label", credential.c.kek_label)
Index("ix_credential_purpose", credential.c.purpose)

client_key = Table(
    "client_key",
    metadata,
    Column("kid", String(100), primary_key=True),  # RFC 7638 thumbprint
    Column("client_id", String(200), nullable=False),
    Column("jwk", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seal", LargeBinary),  # by the token (hsm.acts.row_seals); none: the row is nobody's
    CheckConstraint("state IN ('active','retired')", name="state"),
)

admin = Table(
    "admin",
    metadata,
    Column("admin_id", String(200), primary_key=True),
    Column("kid", String(100), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("jwk", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("person_id", String(200)),  # whose passkeys are theirs
    Column("seal", LargeBinary),
    CheckConstraint("state IN ('active','retired')", name="state"),
)

# One row. Triggers move its number with every change of credential, client_key or admin, so that whoever
# keeps what these say asks for one number to know whether it is still so.
directory_version = Table(
    "directory_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one"),
)

# One row an approved act. The act's digest is the key: an act is approved and redeemed once.
grant = Table(
    "grant_",
    metadata,
    Column("act_digest", LargeBinary(32), primary_key=True),
    Column("sad_digest", LargeBinary(32), unique=True),  # SHA-256 of the SAD; NULL when used at once
    Column("act", LargeBinary, nullable=False),
    Column("client_id", String(200), nullable=False),
    Column("credential_id", String(64), ForeignKey("credential.credential_id"), nullable=False),
    Column("approval_kind", String(32), nullable=False),
    Column("approval_digest", LargeBinary(32), nullable=False),
    # Who approved, and what their proof was worth: the policy is asked again when the SAD is redeemed.
    Column("approver_kind", String(16), nullable=False, server_default=""),
    Column("approver", String(200), nullable=False, server_default=""),  # empty once the act is erased
    Column("acr", String(16), nullable=False, server_default=""),
    Column("rules", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("policy_version", Integer, nullable=False, server_default="0"),  # of the policy that allowed it
    Column("asked", Text, nullable=False, server_default="{}"),  # what it was asked, for the journal
)

# One row an authorised digest: AUTHORIZED -> RESERVED -> USED, or back to AUTHORIZED when the token
# failed and no signature left; UNRESOLVED when the process died in between.
grant_item = Table(
    "grant_item",
    metadata,
    Column("act_digest", LargeBinary(32), ForeignKey("grant_.act_digest"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("leaf_index", BigInteger),
    CheckConstraint("state IN ('AUTHORIZED','RESERVED','USED','UNRESOLVED')", name="state"),
)
Index("ix_grant_item_reserved", grant_item.c.state, sqlite_where=grant_item.c.state == "RESERVED",
      postgresql_where=grant_item.c.state == "RESERVED")  # fmt: skip

# An access token authorises each document once: (jti, SHA-256 of the file).
spent_token = Table(
    "spent_token",
    metadata,
    Column("jti", String(200), primary_key=True),
    Column("source", LargeBinary(32), primary_key=True),
    Column("act_digest", LargeBinary(32), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

# Administrative acts are performed once.
performed_act = Table(
    "performed_act",
    metadata,
    Column("act_digest", LargeBinary(32), primary_key=True),
    Column("act", LargeBinary, nullable=False),
    Column("leaf_index", BigInteger, nullable=False),
)

# People, by an id only: names and offices are the identity provider's.
person = Table(
    "person",
    metadata,
    Column("person_id", String(200), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint("state IN ('active','retired')", name="state"),
)

# The passkeys with which people approve acts (WebAuthn credential records, Level 3 §4).
passkey = Table(
    "passkey",
    metadata,
    Column("credential_id", LargeBinary(1023), primary_key=True),
    Column("person_id", String(200), ForeignKey("person.person_id"), nullable=False),
    Column("public_key", LargeBinary, nullable=False),  # COSE_Key
    Column("sign_count", BigInteger, nullable=False),
    Column("counted_at", BigInteger, nullable=False, server_default="0"),  # when that number last moved
    Column("backup_eligible", Boolean, nullable=False),
    Column("backup_state", Boolean, nullable=False),
    Column("aaguid", String(36), nullable=False),
    Column("transports", String(200), nullable=False),
    Column("rp_id", String(253), nullable=False),
    Column("state", String(16), nullable=False),  # suspended: its counter went back, it may have a clone
    Column("created_at", BigInteger, nullable=False),
    Column("seal", LargeBinary),
    CheckConstraint("state IN ('active','suspended','retired')", name="state"),
)
Index("ix_passkey_person_id", passkey.c.person_id)

# PIN and one-time password of a person, sealed by a key of the token: the database alone tells neither.
factor = Table(
    "factor",
    metadata,
    Column("person_id", String(200), ForeignKey("person.person_id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_label", String(100), nullable=False),
    Column("failures", Integer, nullable=False),  # tries since the last one that was right
    Column("last_step", BigInteger, nullable=False),  # of the last one-time password accepted (RFC 6238)
    Column("changed_at", BigInteger, nullable=False),
)

# A person's part in an administrative act, asked for by a link: of the link's secret the digest is kept.
consent = Table(
    "consent",
    metadata,
    Column("handle_digest", LargeBinary(32), primary_key=True),
    Column("act", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column(
        "evidence", LargeBinary
    ),  # what the authenticator answered; checked again when the act is performed
)
Index("ix_consent_expires_at", consent.c.expires_at)
