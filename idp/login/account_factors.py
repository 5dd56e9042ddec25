"""What a person may do with their own factors, and what "this was not me" takes away. Pure."""

from collections.abc import Collection, Iterable

from idp.directory.factor import ACTIVE, CERTIFICATE, PASSKEY, PASSWORD, TOTP, Factor
from idp.directory.person import Person
from idp.login.proofs import floor_of, reachable
from idp.protocol.assurance import acr_rank

_KINDS = {"pwd": PASSWORD, "otp": TOTP, "hwk": PASSKEY, "swk": PASSKEY, "sc": CERTIFICATE}


def may_give_up(person: Person, factors: Collection[Factor], factor_id: str) -> bool:
    """Whether the person can still log in at their level without this factor."""
    left = [factor for factor in factors if factor.factor_id != factor_id and factor.kind != "recovery"]
    return acr_rank(reachable(left, ())) >= acr_rank(floor_of(person)) or not _is_active(factors, factor_id)


def kinds_used(amr: Iterable[str]) -> frozenset[str]:
    """The kinds of factor behind ``amr`` values (RFC 8176)."""
    return frozenset(_KINDS[value] for value in amr if value in _KINDS)


def suspected(
    factors: Collection[Factor], *, disowned_amr: Iterable[str], own_amr: Iterable[str]
) -> list[Factor]:
    """The factors to suspend after a login that was not the person's.

    Those kinds that the stranger used, but not those that the person proved just now: whoever reports must
    not lock themselves out. A password among the latter is to be changed instead.
    """
    kinds = kinds_used(disowned_amr) - kinds_used(own_amr)
    return [factor for factor in factors if factor.kind in kinds and factor.state == ACTIVE]


def _is_active(factors: Collection[Factor], factor_id: str) -> bool:
    return any(factor.factor_id == factor_id and factor.state == ACTIVE for factor in factors)
