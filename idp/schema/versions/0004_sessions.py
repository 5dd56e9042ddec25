"""Sessions, who is logged in where, logouts to deliver, evidence.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _later(name: str, kind: type[sa.Integer] | type[sa.BigInteger] = sa.BigInteger) -> sa.Column[int]:
    return sa.Column(name, kind, nullable=False, server_default="0")


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("session_id", sa.String(43), primary_key=True),
        sa.Column("cookie_hash", sa.String(64), nullable=False),
        _text("person_id", 36),
        _time("started_at"),
        _time("last_seen_at"),
        _time("expires_at"),
        _text("acr", 16),
        sa.Column("amr", sa.Text, nullable=False),
        _time("auth_time"),
        _text("identity_level", 8),
        _text("upstream", 64),
        _text("mandate_id", 64),
        _text("device", 64),
        _text("address_prefix", 64),
        sa.Column("kiosk", sa.Boolean, nullable=False),
        _later("ended_at"),
        sa.Column("end_reason", sa.String(32), nullable=False, server_default=""),
        sa.UniqueConstraint("cookie_hash", name="uq_session_cookie_hash"),
    )
    op.create_index("ix_session_person_id", "session", ["person_id"])
    op.create_index("ix_session_expires_at", "session", ["expires_at"])
    op.create_table(
        "session_client",
        sa.Column("session_id", sa.String(43), sa.ForeignKey("session.session_id"), primary_key=True),
        sa.Column("client_id", sa.String(200), primary_key=True),
        _time("joined_at"),
        _time("seen_at"),
    )
    op.create_table(
        "logout_delivery",
        sa.Column("delivery_id", _SEQUENCE, primary_key=True),
        _text("session_id", 43),
        _text("person_id", 36),
        _text("client_id", 200),
        _text("uri", 2000),
        _time("created_at"),
        _time("due_at"),
        _later("attempts", sa.Integer),
        _text("state", 16),
        _later("leased_until"),
        _later("fence", sa.Integer),
        sa.Column("last_error", sa.String(64), nullable=False, server_default=""),
        _later("finished_at"),
        sa.CheckConstraint("state IN ('waiting','delivered','dead')", name="ck_logout_delivery_state"),
    )
    op.create_index("ix_logout_delivery_due", "logout_delivery", ["state", "due_at"])
    op.create_index("ix_logout_delivery_client", "logout_delivery", ["client_id", "created_at"])
    op.create_index("ix_logout_delivery_session_id", "logout_delivery", ["session_id"])
    op.create_table(
        "evidence_seal",
        sa.Column("seal_id", _SEQUENCE, primary_key=True),
        _time("sealed_at"),
        _time("first_at"),
        _time("last_at"),
        sa.Column("events", sa.Integer, nullable=False),
        _text("digest", 64),
        _text("chained", 64),
        _later("purged_at"),
    )
    op.create_table(
        "evidence",
        sa.Column("event_id", _SEQUENCE, primary_key=True),
        _time("at"),
        _text("name", 64),
        _text("person_id", 36),
        _text("client_id", 200),
        _text("session_id", 43),
        _text("request_id", 64),
        sa.Column("details", sa.Text, nullable=False),
        _later("seal_id"),
    )
    op.create_index("ix_evidence_at", "evidence", ["at"])
    op.create_index("ix_evidence_name_at", "evidence", ["name", "at"])
    op.create_index("ix_evidence_person_at", "evidence", ["person_id", "at"])
    op.create_index("ix_evidence_seal_id", "evidence", ["seal_id"])


def downgrade() -> None:
    for table in ("evidence", "evidence_seal", "logout_delivery", "session_client", "session"):
        op.drop_table(table)
