"""What a person proved in one login, and what it is worth. Pure.

The ladder is that of ``protocol/assurance.py``. Whoever logs in must reach the highest of three: what the
relying party asked for, LoA2 for an official, LoA3 for an administrator.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from idp.directory.factor import ACTIVE, CERTIFICATE, PASSKEY, PASSWORD, RECOVERY, TOTP, Factor
from idp.directory.person import CITIZEN, OFFICIAL, Person
from idp.protocol.assurance import ACR_LADDER, acr_rank

UPSTREAM = "upstream"
_SECOND = frozenset({TOTP, RECOVERY})


@dataclass(frozen=True, slots=True)
class Proof:
    """``kind``: a factor's, or ``upstream``. ``acr``: what an upstream vouches for, at most LoA2."""

    kind: str
    bound_to_device: bool = False
    acr: str = ""


def acr_of(proofs: Collection[Proof]) -> str:
    """Empty when nothing that stands alone was proved: a one-time password does not."""
    kinds = {proof.kind for proof in proofs}
    if any(proof.bound_to_device for proof in proofs if proof.kind in (PASSKEY, CERTIFICATE)):
        return "LoA4"
    if kinds & {PASSKEY, CERTIFICATE}:
        return "LoA3"
    first = kinds & {PASSWORD, UPSTREAM}
    if not first:
        return ""
    if kinds & _SECOND or any(acr_rank(proof.acr) >= acr_rank("LoA2") for proof in proofs):
        return "LoA2"
    return "LoA1"


def amr_of(proofs: Collection[Proof]) -> tuple[str, ...]:
    """RFC 8176 values, sorted. A recovery code is a one-time password that was written down."""
    values: set[str] = set()
    for proof in proofs:
        match proof.kind:
            case "password":
                values.add("pwd")
            case "totp" | "recovery":
                values.add("otp")
            case "passkey":
                # Verified on the device, by its owner's PIN or finger: which of them it does not say.
                values |= {"hwk" if proof.bound_to_device else "swk", "user"}
            case "certificate":
                values.add("sc")
            case _:
                pass
    if acr_rank(acr_of(proofs)) >= acr_rank("LoA2") and values:
        values.add("mfa")
    return tuple(sorted(values))


def proofs_behind(amr: Iterable[str], acr: str, upstream: str) -> tuple[Proof, ...]:
    """The proofs that a session already rests on, for a step-up that adds one."""
    values = set(amr)
    proofs: list[Proof] = []
    if "pwd" in values:
        proofs.append(Proof(PASSWORD))
    if "otp" in values:
        proofs.append(Proof(TOTP))
    if values & {"hwk", "swk"}:
        proofs.append(Proof(PASSKEY, bound_to_device="hwk" in values))
    if "sc" in values:
        proofs.append(Proof(CERTIFICATE, bound_to_device=acr == "LoA4"))
    if upstream:
        vouched = acr if not values else ("LoA1" if acr_rank(acr) else "")
        proofs.append(Proof(UPSTREAM, acr=min((vouched, "LoA2"), key=acr_rank)))
    return tuple(proofs)


def floor_of(person: Person) -> str:
    """The least this person may log in with, whoever asks."""
    if person.is_administrator:
        return "LoA3"
    return "LoA2" if person.kind == OFFICIAL else "LoA1"


def _believed_of(person: Person, proofs: Collection[Proof]) -> Collection[Proof]:
    """Of an official an upstream's word is one factor, whatever it says: the second one is our own."""
    if person.kind == CITIZEN and not person.is_administrator:
        return proofs
    return tuple(replace(proof, acr="LoA1") if proof.acr else proof for proof in proofs)


def reachable(factors: Iterable[Factor], proofs: Collection[Proof]) -> str:
    """The highest rung when every active factor is added to what was proved."""
    more = {Proof(factor.kind, factor.bound_to_device) for factor in factors if factor.state == ACTIVE}
    return acr_of({*proofs, *more})


@dataclass(frozen=True, slots=True)
class Verdict:
    """``done``: log the person in. Else ``offers``: kinds that lead on; none: one must be enrolled."""

    done: bool
    offers: tuple[str, ...] = ()
    goal: str = ""


def judge(
    person: Person, factors: Collection[Factor], proofs: Collection[Proof], wanted: Iterable[str]
) -> Verdict:
    """``wanted``: rungs the relying party asked for, any of which will do.

    When the person has no factor for what is wanted, what can be reached is enough here, and the relying
    party decides; but never less than the person's own floor.
    """
    proofs = _believed_of(person, proofs)
    floor = acr_rank(floor_of(person))
    asked = min((acr_rank(value) for value in wanted if acr_rank(value)), default=1)
    possible = acr_rank(reachable(factors, proofs))
    goal = max(floor, min(asked, possible))
    reached = acr_rank(acr_of(proofs))
    if reached >= goal:
        return Verdict(done=True, goal=ACR_LADDER[goal - 1])
    offers = []
    for kind in (PASSKEY, TOTP, CERTIFICATE, RECOVERY, PASSWORD):
        of_kind = [factor for factor in factors if factor.kind == kind and factor.state == ACTIVE]
        if any(
            acr_rank(acr_of({*proofs, Proof(kind, factor.bound_to_device)})) > reached for factor in of_kind
        ):
            offers.append(kind)
    return Verdict(done=False, offers=tuple(offers), goal=ACR_LADDER[goal - 1])
