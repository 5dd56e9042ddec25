"""Whether a token that is shown died before its time, however that came about: one statement."""

from sqlalchemy import bindparam, exists, or_, select

from idp.store.database import Database
from idp.store.prepared import Prepared
from idp.store.refresh_tables import refresh_family
from idp.store.session_tables import session
from idp.store.sessions import OF_ACTIVE
from idp.store.tables import revoked_token

# RFC 7009: itself, or the code that it came of.
_TAKEN_BACK = exists().where(
    or_(revoked_token.c.jti == bindparam("jti"), revoked_token.c.jti == bindparam("family_id"))
)
# However the family ended: a person left, a consent was withdrawn, a refresh token came twice.
_FAMILY_OVER = exists().where(
    refresh_family.c.family_id == bindparam("family_id"), refresh_family.c.revoked_at != 0
)
# Logout means logout: a token of a session lives no longer than the session.
_SESSION_LIVES = exists().where(
    session.c.session_id == bindparam("session_id"),
    session.c.ended_at == 0,
    session.c.expires_at > bindparam("now"),
    OF_ACTIVE,
)
_LOOK = Prepared(
    select(
        or_(_TAKEN_BACK, _FAMILY_OVER).label("revoked"),
        _SESSION_LIVES.label("session_lives"),
    )
)


class TokenLife:
    """Thread-safe. Raises StoreUnavailable: what is not known is not called valid."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def why_ended(self, jti: str, session_id: object, now: int) -> str:
        """``revoked`` or ``session ended``; empty while the token lives. ``session_id``: its ``sid``, if any.

        A jti is ``<family>.<random>`` when a person stands behind it: revoking the family revokes every
        access token that came of it.
        """
        family_id, dot, _ = jti.partition(".")
        of_session = isinstance(session_id, str)
        with self._database.reading() as connection:
            found = _LOOK.first(
                connection,
                jti=jti,
                family_id=family_id if dot else "",
                session_id=session_id if of_session else "",
                now=now,
            )
        if found is None or found["revoked"]:
            return "revoked"
        return "session ended" if of_session and not found["session_lives"] else ""
