"""What a key could be used for in an office, as posts, mandates and offices stand now: nobody did so yet."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from hsm import roles
from hsm.acts.directory import KnownCredential
from hsm.acts.office_operation import OfficeOperation
from hsm.acts.standing import held_facts
from hsm.database import Database
from policies.model import PrincipalKind
from policies.office_ways import BY_PERSON, BY_SEAL, PLAIN, Way, in_order


def ways_now(database: Database, known: KnownCredential, now: datetime) -> list[Way]:
    """Plainly, and every operation in every office where its holder has a part, or whose seal it is."""
    with database.reading() as connection:
        return [PLAIN, *_ways(connection, known, now)]


def _ways(connection: Connection, known: KnownCredential, now: datetime) -> Iterator[Way]:
    stored = known.stored
    if stored.holder_kind != PrincipalKind.PERSON:
        if stored.office:
            yield from (
                _way(connection, known, now, OfficeOperation(name, stored.office)) for name in BY_SEAL
            )
        return
    posts = roles.posts_of(connection, stored.holder, int(now.timestamp()))
    for office in sorted({post.office_id for post in posts} | {stored.office} - {""}):
        # Who signs says in which capacity; initials and comments need none.
        yield _way(connection, known, now, OfficeOperation("initial", office))
        yield _way(connection, known, now, OfficeOperation("comment", office))
    for post in posts:
        for name in BY_PERSON:
            yield _way(connection, known, now, OfficeOperation(name, post.office_id, post.capacity))
    for given in roles.mandates_to(connection, stored.holder):
        kind = (given.document_kinds.split() or [""])[0]
        for name in BY_PERSON:
            operation = OfficeOperation(name, given.office_id, given.capacity, given.mandate_id)
            yield _way(connection, known, now, operation, kind)


def _way(
    connection: Connection,
    known: KnownCredential,
    now: datetime,
    operation: OfficeOperation,
    document_kind: str = "",
) -> Way:
    role = held_facts(connection, operation, document_kind, known, now)
    return Way(in_order(role), document_kind, role.ground)
