"""What the key process remembers of policies: bundles, the versions that were in force, counts of quotas."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from hsm.schema import metadata

# Named by what they hold, so that whoever writes one here writes nothing but a draft.
policy_bundle = Table(
    "policy_bundle",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256, hex
    Column("files", Text, nullable=False),  # RFC 8785: {file name: text}
    Column("stored_at", BigInteger, nullable=False),
)

policy_version = Table(
    "policy_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("bundle", String(64), ForeignKey("policy_bundle.digest"), nullable=False),
    Column("act", LargeBinary, nullable=False),  # activate_policy; empty for the ceremony's own
    Column("approvals", Text, nullable=False),  # with the public keys they were verified with
    Column("leaf_index", BigInteger),
    Column("activated_at", BigInteger, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)

quota_count = Table(
    "quota_count",
    metadata,
    Column("quota", String(63), primary_key=True),
    Column("subject", String(264), primary_key=True),
    Column("window_start", BigInteger, primary_key=True, autoincrement=False),  # Unix seconds
    Column("spent", BigInteger, nullable=False),
)
