"""The directory's tables. Times are Unix seconds; lists and claims are JSON text.

A personal number is stored twice and never as it is: ``number_index`` finds it (HMAC-SHA256, hex),
``number_sealed`` gives it back. Both keys are outside the database (``sealing.py``).
"""

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

organisation = Table(
    "organisation",
    metadata,
    Column("code", String(35), primary_key=True),
    Column("name", String(300), nullable=False),
    Column("state", String(16), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    CheckConstraint("state IN ('active','closed')", name="state"),
)

person = Table(
    "person",
    metadata,
    Column("person_id", String(36), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    # NULL for a citizen, who logs in upstream.
    Column("username", String(200), nullable=True, unique=True),
    Column("claims", Text, nullable=False),
    Column("identity_level", String(2), nullable=False),
    Column("number_index", String(64), nullable=True, unique=True),
    Column("number_sealed", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    CheckConstraint("kind IN ('citizen','official')", name="kind"),
    CheckConstraint("state IN ('active','suspended','left')", name="state"),
)

post = Table(
    "post",
    metadata,
    Column("person_id", String(36), ForeignKey("person.person_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("organisation", String(35), ForeignKey("organisation.code"), nullable=False),
    Column("title", String(200), nullable=False),
)
Index("ix_post_organisation", post.c.organisation)

mandate = Table(
    "mandate",
    metadata,
    Column("mandate_id", String(36), primary_key=True),
    Column("person_id", String(36), ForeignKey("person.person_id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("represented", String(64), nullable=False),
    Column("represented_name", String(300), nullable=False),
    Column("scope", Text, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("not_after", BigInteger, nullable=False),
    CheckConstraint("kind IN ('enterprise','child','ward','office')", name="kind"),
)
Index("ix_mandate_person_id", mandate.c.person_id)

# ``handle`` finds a factor without its person: a passkey's credential id (base64url), the SHA-256 of a
# certificate. ``secret``: a password's argon2id hash, a sealed TOTP secret, a COSE key (base64url), the
# SHA-256 of a recovery code. ``counter``: the last TOTP step, or an authenticator's signature counter.
factor = Table(
    "factor",
    metadata,
    Column("factor_id", String(36), primary_key=True),
    Column("person_id", String(36), ForeignKey("person.person_id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("label", String(100), nullable=False),
    Column("handle", String(1400), nullable=True, unique=True),
    Column("secret", Text, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("bound_to_device", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    Column("usable_from", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("kind IN ('password','totp','passkey','recovery','certificate')", name="kind"),
    CheckConstraint("state IN ('active','suspended','retired')", name="state"),
)
Index("ix_factor_person_id", factor.c.person_id)

# ``subject``: SHA-256 of what the upstream calls the person, so that a dump names nobody there.
upstream_account = Table(
    "upstream_account",
    metadata,
    Column("upstream", String(40), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("person_id", String(36), ForeignKey("person.person_id"), nullable=False),
    Column("linked_at", BigInteger, nullable=False),
    Column("last_login_at", BigInteger, nullable=False),
)
Index("ix_upstream_account_person_id", upstream_account.c.person_id)
