"""The tables of sessions, of logouts to deliver and of evidence. Times are Unix seconds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from idp.schema import metadata

# SQLite numbers rows by itself only for INTEGER.
Sequence = BigInteger().with_variant(Integer, "sqlite")

session = Table(
    "session",
    metadata,
    # The sid of ID tokens and logout tokens; it opens nothing. What opens is the cookie.
    Column("session_id", String(43), primary_key=True),
    Column("cookie_hash", String(64), nullable=False, unique=True),
    Column("person_id", String(36), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("acr", String(16), nullable=False),
    Column("amr", Text, nullable=False),
    Column("auth_time", BigInteger, nullable=False),
    Column("identity_level", String(8), nullable=False),
    Column("upstream", String(64), nullable=False),
    Column("mandate_id", String(64), nullable=False),
    Column("device", String(64), nullable=False),
    Column("address_prefix", String(64), nullable=False),
    Column("kiosk", Boolean, nullable=False),
    Column("ended_at", BigInteger, nullable=False, server_default="0"),
    Column("end_reason", String(32), nullable=False, server_default=""),
)
Index("ix_session_person_id", session.c.person_id)
Index("ix_session_expires_at", session.c.expires_at)

session_client = Table(
    "session_client",
    metadata,
    Column("session_id", String(43), ForeignKey("session.session_id"), primary_key=True),
    Column("client_id", String(200), primary_key=True),
    Column("joined_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)

logout_delivery = Table(
    "logout_delivery",
    metadata,
    Column("delivery_id", Sequence, primary_key=True),
    Column("session_id", String(43), nullable=False),
    Column("person_id", String(36), nullable=False),
    Column("client_id", String(200), nullable=False),
    Column("uri", String(2000), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("state", String(16), nullable=False),
    # Who holds the lease writes the outcome only with the fence it was given.
    Column("leased_until", BigInteger, nullable=False, server_default="0"),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("last_error", String(64), nullable=False, server_default=""),
    Column("finished_at", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("state IN ('waiting','delivered','dead')", name="state"),
)
Index("ix_logout_delivery_due", logout_delivery.c.state, logout_delivery.c.due_at)
Index("ix_logout_delivery_client", logout_delivery.c.client_id, logout_delivery.c.created_at)
Index("ix_logout_delivery_session_id", logout_delivery.c.session_id)

evidence_seal = Table(
    "evidence_seal",
    metadata,
    Column("seal_id", Sequence, primary_key=True),
    Column("sealed_at", BigInteger, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("events", Integer, nullable=False),
    # SHA-256 (hex) over the sealed events, and over that together with the seal before.
    Column("digest", String(64), nullable=False),
    Column("chained", String(64), nullable=False),
    Column("purged_at", BigInteger, nullable=False, server_default="0"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("event_id", Sequence, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("name", String(64), nullable=False),
    Column("person_id", String(36), nullable=False),
    Column("client_id", String(200), nullable=False),
    Column("session_id", String(43), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("details", Text, nullable=False),
    # 0 until the worker sealed it.
    Column("seal_id", BigInteger, nullable=False, server_default="0"),
)
Index("ix_evidence_at", evidence.c.at)
Index("ix_evidence_name_at", evidence.c.name, evidence.c.at)
Index("ix_evidence_person_at", evidence.c.person_id, evidence.c.at)
Index("ix_evidence_seal_id", evidence.c.seal_id)

# The last seal that a destination has, with all before it.
evidence_sent = Table(
    "evidence_sent",
    metadata,
    Column("destination", String(200), primary_key=True),
    Column("seal_id", BigInteger, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
)
