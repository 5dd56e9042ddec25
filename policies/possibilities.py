"""Who could sign with a key, and why: every kind of principal, approval and content, asked one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
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
from policies.profiles import Content, KeyProfile, Proof

OTHER = "nguoi-khac"
HOLDER = "chu-the"
# What a proof can be worth: WebAuthn says aal3 or aal2, PIN and OTP are aal2, systems have no level.
_LEVELS = {"passkey": ("aal3", "aal2"), "pin_otp": ("aal2",)}
# In office hours, at night, on a Sunday.
MOMENTS = {
    "office": datetime(2026, 11, 24, 3, 0, tzinfo=UTC),
    "night": datetime(2026, 11, 24, 16, 0, tzinfo=UTC),
    "sunday": datetime(2026, 11, 29, 3, 0, tzinfo=UTC),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Possibility:
    """``who``: holder, or the kind of somebody else; ``moment``: a key of ``MOMENTS``."""

    who: str
    approval: str
    content: str
    acr: str
    moment: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Opened:
    """What changes sides for keys of one profile, in general and not only for what was signed."""

    profile: str
    before: Possibility
    after: Possibility


def who_could_sign(bundle: Bundle, credential: CredentialFacts) -> list[Possibility]:
    """Everybody who might try, one signature each, with the rules that decide."""
    engine = Engine(bundle)
    profile = bundle.profiles.get(credential.profile)
    seconds = profile.max_act_seconds if profile else 300
    return list(_ask(engine, credential, seconds))


def compare(before: Bundle, after: Bundle) -> list[Opened]:
    """Where the two answer otherwise, for an active key of each profile; a profile that only one has is
    compared with nothing allowed."""
    found = []
    engines = Engine(before), Engine(after)
    for name in sorted(before.profiles.keys() | after.profiles.keys()):
        profile = after.profiles.get(name) or before.profiles[name]
        facts = _facts(profile)
        pairs = zip(*(_ask(engine, facts, profile.max_act_seconds) for engine in engines), strict=True)
        found += [
            Opened(name, old, new) for old, new in pairs if old.decision.allowed != new.decision.allowed
        ]
    return found


def _facts(profile: KeyProfile) -> CredentialFacts:
    return CredentialFacts(
        id="khoa",
        purpose=profile.purpose,
        algorithm=profile.algorithm,
        state="active",
        holder="idp" if profile.is_token else HOLDER,
        profile=profile.name,
        proofs=frozenset(get_args(Proof)),
        holder_kind=holder_kind_of(profile.purpose),
    )


def _ask(engine: Engine, credential: CredentialFacts, act_seconds: int) -> Iterator[Possibility]:
    who = {"holder": Principal(credential.holder_kind, credential.holder)}
    who |= {kind.value: Principal(kind, OTHER) for kind in PrincipalKind}
    if credential.purpose == "token":
        who["holder"] = Principal(PrincipalKind.SERVICE, "idp")
    approvals = (*get_args(Proof), "admin_jws", "trust_line")
    for (name, principal), approval, content in product(who.items(), approvals, get_args(Content)):
        action = ActionName.SIGN_TOKEN if content == "token" else ActionName.SIGN
        for acr, (moment, now) in product(_LEVELS.get(approval, ("",)), MOMENTS.items()):
            question = Question(
                principal,
                action,
                credential,
                Circumstances(
                    now=now, approval=approval, approvers=1, content=content, acr=acr, act_seconds=act_seconds
                ),
            )
            yield Possibility(name, approval, content, acr, moment, engine.decide(question))
