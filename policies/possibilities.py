"""Who could sign with a key, and why: every actor, proof, content and operation, asked one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from typing import get_args

from policies.bundle import Bundle
from policies.engine import Engine
from policies.model import (
    ActionName,
    Circumstances,
    CredentialFacts,
    Decision,
    Principal,
    PrincipalKind,
    Question,
    holder_kind_of,
)
from policies.office_ways import AN_OFFICE, PLAIN, Way, in_general
from policies.profiles import Content, KeyProfile, Proof

OTHER = "nguoi-khac"
HOLDER = "chu-the"
CLERK = "van-thu-nao-do"
# What a proof can be worth: WebAuthn says aal3 or aal2, PIN and OTP are aal2, systems have no level.
_LEVELS = {"passkey": ("aal3", "aal2"), "pin_otp": ("aal2",)}
# In office hours, at night, on a Sunday.
MOMENTS = {
    "office": datetime(2026, 11, 24, 3, 0, tzinfo=UTC),
    "night": datetime(2026, 11, 24, 16, 0, tzinfo=UTC),
    "sunday": datetime(2026, 11, 29, 3, 0, tzinfo=UTC),
}  # fmt: skip
_PLAIN_APPROVALS = (*get_args(Proof), "admin_jws", "trust_line")


@dataclass(frozen=True, slots=True)
class Possibility:
    """``who``: holder, custodian (the named clerk), or the kind of somebody else; ``moment``: a key of
    ``MOMENTS``; ``way``: the operation it is, if any, and how it is held."""

    who: str
    approval: str
    content: str
    acr: str
    moment: str
    decision: Decision
    way: Way = PLAIN


@dataclass(frozen=True, slots=True)
class Opened:
    """What changes sides for keys of one profile, in general and not only for what was signed.

    ``entrusted``: for a seal that a clerk has.
    """

    profile: str
    before: Possibility
    after: Possibility
    entrusted: bool = False


def who_could_sign(
    bundle: Bundle, credential: CredentialFacts, ways: Sequence[Way] = (PLAIN,)
) -> list[Possibility]:
    """Everybody who might try, one signature each, with the rules that decide.

    ``ways``: the operations it could be used for, as offices, posts and mandates are now.
    """
    engine = Engine(bundle)
    profile = bundle.profiles.get(credential.profile)
    seconds = profile.max_act_seconds if profile else 300
    return list(_ask(engine, credential, seconds, ways, MOMENTS))


def compare(before: Bundle, after: Bundle) -> list[Opened]:
    """Where the two answer otherwise, for an active key of each profile; a profile that only one has is
    compared with nothing allowed. An office's operations are asked in office hours alone."""
    found = []
    engines = Engine(before), Engine(after)
    for name in sorted(before.profiles.keys() | after.profiles.keys()):
        if before.rules == after.rules and before.profiles.get(name) == after.profiles.get(name):
            continue
        profile = after.profiles.get(name) or before.profiles[name]
        for facts in _facts(profile):
            asked = (
                _ask(engine, facts, profile.max_act_seconds, in_general(profile.purpose), ("office",))
                for engine in engines
            )
            found += [
                Opened(name, old, new, entrusted=bool(facts.custodian))
                for old, new in zip(*asked, strict=True)
                if old.decision.allowed != new.decision.allowed
            ]
    return found


def _facts(profile: KeyProfile) -> Iterator[CredentialFacts]:
    facts = CredentialFacts(
        id="khoa",
        purpose=profile.purpose,
        algorithm=profile.algorithm,
        state="active",
        holder="idp" if profile.is_token else HOLDER,
        profile=profile.name,
        proofs=frozenset(get_args(Proof)),
        holder_kind=holder_kind_of(profile.purpose),
        office=AN_OFFICE,
    )
    yield facts
    if profile.purpose == "organisation":
        yield replace(facts, custodian=CLERK)


def _ask(
    engine: Engine,
    credential: CredentialFacts,
    act_seconds: int,
    ways: Sequence[Way],
    moments_of_ways: Sequence[str] | dict[str, datetime],
) -> Iterator[Possibility]:
    for way in ways:
        plain = way == PLAIN
        # Administrators, services and their approvals are asked about plainly; so is what nobody sees.
        approvals = _PLAIN_APPROVALS if plain else get_args(Proof)
        contents = get_args(Content) if plain else ("prepared", "dtbsr")
        actors = _actors(credential, plain=plain)
        for (who, principal), approval, content in product(actors.items(), approvals, contents):
            action = ActionName.SIGN_TOKEN if content == "token" else ActionName.SIGN
            levels = _LEVELS.get(approval, ("",))
            for acr, moment in product(levels, MOMENTS if plain else moments_of_ways):
                circumstances = Circumstances(
                    now=MOMENTS[moment],
                    approval=approval,
                    approvers=1,
                    content=content,
                    document_kind=way.document_kind,
                    acr=acr,
                    act_seconds=act_seconds,
                    role=way.role,
                )
                decision = engine.decide(Question(principal, action, credential, circumstances))
                yield Possibility(who, approval, content, acr, moment, decision, way)


def _actors(credential: CredentialFacts, *, plain: bool) -> dict[str, Principal]:
    actors = {"holder": Principal(credential.holder_kind, credential.holder)}
    if credential.purpose == "token":
        actors["holder"] = Principal(PrincipalKind.SERVICE, "idp")
    if credential.custodian:
        actors["custodian"] = Principal(PrincipalKind.PERSON, credential.custodian)
    others = PrincipalKind if plain else (PrincipalKind.CLIENT, PrincipalKind.PERSON)
    return actors | {kind.value: Principal(kind, OTHER) for kind in others}
