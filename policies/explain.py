"""A question written by hand, and a decision told in Vietnamese, then in English."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from policies.about import ABOUT
from policies.bundle import Bundle
from policies.errors import PolicyError
from policies.model import (
    ActionName,
    Circumstances,
    CredentialFacts,
    Decision,
    Facts,
    HolderFacts,
    Principal,
    PrincipalKind,
    Question,
    holder_kind_of,
)
from policies.office_life import RoleFacts


class QuestionUnclear(PolicyError):
    """The question as written cannot be asked."""


def parse_question(
    bundle: Bundle,
    principal: str,
    action: str,
    resource: Mapping[str, Any],
    context: Mapping[str, Any],
    now: datetime,
) -> Question:
    """A question from ``Client:one-stop``, ``sign`` and two tables of facts.

    Purpose, algorithm and proofs default to those of the credential's profile, the state to ``active``.
    Raises QuestionUnclear saying what is wrong.
    """
    kind, separator, name = principal.partition(":")
    if not separator or kind not in list(PrincipalKind):
        raise QuestionUnclear(f"The principal is KIND:ID, of {', '.join(PrincipalKind)}: {principal!r}")
    if action not in list(ActionName):
        raise QuestionUnclear(f"The action is one of {', '.join(ActionName)}: {action!r}")
    try:
        return Question(
            principal=Principal(PrincipalKind(kind), name),
            action=ActionName(action),
            resource=_facts(bundle, ActionName(action), dict(resource)),
            context=Circumstances(now=now, **_circumstances(context)),
        )
    except TypeError as error:
        raise QuestionUnclear(f"A fact is missing or unknown: {error}") from error


def _circumstances(facts: Mapping[str, Any]) -> dict[str, Any]:
    sets = {name: frozenset(facts[name]) for name in ("parts", "consents", "absent") if name in facts}
    return {**facts, **sets, "role": _role(facts.get("role", {}))}


def _role(facts: Mapping[str, Any]) -> RoleFacts:
    sets = {name: frozenset(facts[name]) for name in ("earlier", "earlier_operations") if name in facts}
    return RoleFacts(**{**facts, **sets})


def _facts(bundle: Bundle, action: ActionName, facts: dict[str, Any]) -> Facts:
    about = ABOUT[action]
    if about is HolderFacts:
        return HolderFacts(**facts | {"holder_kind": PrincipalKind(facts.get("holder_kind", "Client"))})
    if about is not CredentialFacts:
        return about(**facts)
    profile = bundle.profiles.get(facts.get("profile", ""))
    defaults: dict[str, Any] = {"id": "credential", "state": "active", "holder": "", "training": False}
    if profile is not None:
        defaults |= {"purpose": profile.purpose, "algorithm": profile.algorithm, "proofs": profile.proofs}
        defaults["holder_kind"] = holder_kind_of(profile.purpose)
    facts = defaults | facts
    kind = PrincipalKind(facts.get("holder_kind", PrincipalKind.CLIENT))
    return CredentialFacts(**facts | {"proofs": frozenset(facts.get("proofs", ())), "holder_kind": kind})


def decision_as_data(bundle: Bundle, decision: Decision) -> dict[str, Any]:
    """For ``--json``: the decision, its rules with basis and reasons, its errors."""
    return {
        "allowed": decision.allowed,
        "rules": [
            {
                "id": rule.id,
                "effect": rule.effect,
                "basis": rule.basis,
                "reason": rule.reason,
                "reason_en": rule.reason_en,
            }
            for rule in (bundle.rules[name] for name in decision.rules)
        ],
        "errors": list(decision.errors),
        "bundle": bundle.digest,
    }


def decision_as_text(bundle: Bundle, decision: Decision) -> str:
    """For people: Vietnamese first, then English."""
    rules = [bundle.rules[name] for name in decision.rules]
    lines = ["CHO PHÉP" if decision.allowed else "TỪ CHỐI"]
    lines += [f"  {rule.id}: {rule.reason}\n    Căn cứ: {rule.basis}" for rule in rules]
    if not rules and not decision.errors:
        lines.append("  Không quy tắc nào cho phép, nên bị từ chối.")
    lines += [f"  Lỗi khi xét: {error}" for error in decision.errors]
    lines += ["", "ALLOWED" if decision.allowed else "DENIED"]
    lines += [f"  {rule.id}: {rule.reason_en}\n    Basis: {rule.basis}" for rule in rules]
    if not rules and not decision.errors:
        lines.append("  No rule permits it, so it is denied.")
    lines += [f"  Error: {error}" for error in decision.errors]
    return "\n".join(lines) + "\n"
