"""What may be changed about one's own factors, and from when a new one counts. Pure.

Whoever got hold of a weaker way in must not make a stronger one of it: so a factor is added and taken away
only after a login by the strongest that the person has, and one that lifts them above that login waits,
while every login tells of it. A second person who vouched (an administrator's invitation) spares the wait.
"""

from collections.abc import Iterable

from idp.directory.factor import ACTIVE, SUSPENDED, Factor
from idp.login.proofs import Proof, acr_of
from idp.protocol.assurance import acr_rank


def strongest(factors: Iterable[Factor], now: int, *, suspended: bool = False) -> str:
    """The highest rung that the person's own factors reach. ``suspended``: with those set aside.

    They count where something is added or taken away: or the way around the strongest factor would be to
    suspend it first. One that waits counts for nothing, so that whoever finds it can take it away.
    """
    states = {ACTIVE, SUSPENDED} if suspended else {ACTIVE}
    held = {
        Proof(each.kind, each.bound_to_device)
        for each in factors
        if each.state in states and now >= each.usable_from
    }
    return acr_of(held)


def may_change(performed: str, factors: Iterable[Factor], now: int, *, suspended: bool = False) -> bool:
    """Whether a login of this acr is enough."""
    return acr_rank(performed) >= acr_rank(strongest(factors, now, suspended=suspended))


def usable_from(performed: str, factors: Iterable[Factor], new: Proof, now: int, *, wait_seconds: int) -> int:
    """When a new factor begins to count; 0: at once. ``performed``: the acr of the login that adds it.

    Nobody waits after a proof that cannot be phished: that login was already what the new factor will be.
    """
    held = {Proof(each.kind, each.bound_to_device) for each in factors if each.is_usable(now)}
    lifts = acr_rank(acr_of({*held, new})) > acr_rank(performed)
    return now + wait_seconds if lifts and acr_rank(performed) < acr_rank("LoA3") else 0
