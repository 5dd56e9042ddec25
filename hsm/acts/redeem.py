"""Who redeems a SAD, and for which of the act's items.

A SAD is no bearer's right: it belongs to the client of its act. Without positions, each thing to be
signed is found among what is left by its digest, so that order and repetitions are the caller's.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hsm.acts import grant
from hsm.acts.act import ActItem, SignAct, parse_sign_act
from hsm.acts.grant import StoredGrant
from hsm.database import Database
from hsm.errors import ActMalformed, GrantRefused

NOT_AUTHORISED = "Hash is not authorized by the SAD."


@dataclass(frozen=True, slots=True)
class Redeemer:
    """The client that came with the SAD; the credential it means, empty when it named none."""

    client_id: str
    credential_id: str = ""


def get_granted(
    database: Database, sad: str, redeemer: Redeemer, now: datetime
) -> tuple[StoredGrant, SignAct]:
    """The grant and its act. Raises GrantRefused, ActMalformed (the act was erased)."""
    with database.reading() as connection:
        stored = grant.find_grant(connection, sad)
    act = parse_sign_act(stored.act) if stored else None
    # The same words for a SAD that never was, another client's, and another credential's.
    if stored is None or act is None or not _may_redeem(act, redeemer):
        raise GrantRefused("The SAD is not known.", reason="unknown", detail=redeemer.client_id[:80])
    if now.timestamp() >= stored.expires_at:
        raise GrantRefused("The SAD has expired.", reason="expired")
    return stored, act


def _may_redeem(act: SignAct, redeemer: Redeemer) -> bool:
    return act.client_id == redeemer.client_id and redeemer.credential_id in ("", act.credential_id)


def check_positions(act: SignAct, positions: Sequence[int]) -> tuple[int, ...]:
    """Each of the act's, and once. Raises ActMalformed."""
    if len(set(positions)) != len(positions) or not all(0 <= at < len(act.items) for at in positions):
        raise ActMalformed("The positions are not those of the act's items.")
    return tuple(positions)


def find_positions(
    database: Database, stored: StoredGrant, act: SignAct, digests: Sequence[bytes]
) -> tuple[int, ...]:
    """A free item of the act for each digest, in the digests' order. Raises GrantRefused.

    It is a look, no reservation: that is made later, all or none.
    """
    with database.reading() as connection:
        free = grant.free_positions(connection, stored.act_digest)
    if not free:
        raise GrantRefused(grant.SPENT, reason="spent")
    return choose_positions(act, free, digests)


def choose_positions(act: SignAct, free: Sequence[int], digests: Sequence[bytes]) -> tuple[int, ...]:
    """As ``find_positions``; an open item is taken for a digest that none names."""
    by_digest: defaultdict[bytes, deque[int]] = defaultdict(deque)
    for position in free:
        by_digest[_key(act.items[position])].append(position)
    chosen: list[int] = []
    for digest in digests:
        left = by_digest.get(digest) or by_digest.get(_OPEN)
        if not left:
            # Never approved, or signed before: what is left of the SAD does not cover it.
            raise GrantRefused(NOT_AUTHORISED, reason="digest")
        chosen.append(left.popleft())
    return tuple(chosen)


_OPEN = b""


def _key(item: ActItem) -> bytes:
    return _OPEN if item.kind == "open" else item.digest
