"""From an intent of the journal back to the question that the policy was asked (``hsm.acts.asked``).

Leaves carry no ids of people and no sentences, so a question can come back incomplete. Then it is not
guessed: ``NotRehearsed`` says what is missing, and whoever rehearses counts it. What an earlier edition did
not write of itself (an operation's facts, whose seal it was) is missing as well.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args

from policies.about import ABOUT
from policies.errors import PolicyError
from policies.model import (
    ActionName,
    Circumstances,
    ClientKeyFacts,
    CredentialFacts,
    Facts,
    HolderFacts,
    PolicyFacts,
    Principal,
    PrincipalKind,
    Question,
)
from policies.office_life import NO_OPERATION, RoleFacts
from policies.profiles import Proof

# Ids that no leaf tells, and no rule may name: the one who asks, or whoever it is; and another.
SOMEBODY, ANOTHER = "-", "--"
ALL_PROOFS = frozenset(get_args(Proof))
_SETS = ("consents", "parts", "absent", "earlier", "earlier_operations")
_BY_CLIENT = ("client_jws", "access_token")
_NOT_CIRCUMSTANCES = ("edition", "about", "unsaid", "role")
# What a fact that is new is told since: leaves of an earlier edition say nothing of it, not even that.
EDITION = 3
SINCE = {"grantee_own": 2, "others": 3}


class NotRehearsed(PolicyError):
    """The leaf does not say enough. ``reason``: one word and what it is about, to count by."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This act cannot be rehearsed: {reason}.")
        self.reason = reason


def question_of(entry: Mapping[str, Any]) -> Question:
    """The question behind an intent (``hsm.acts.entries``). Raises NotRehearsed."""
    asked = entry.get("asked")
    if not isinstance(asked, dict):
        raise NotRehearsed("journalled before facts were")
    action = _action(entry)
    approval = _approval(entry, action)
    principal = _principal(entry, action, approval)
    context = _with_sets({name: told for name, told in asked.items() if name not in _NOT_CIRCUMSTANCES})
    role, now = _role(entry, asked), datetime.fromtimestamp(entry["time"], UTC)
    try:
        return Question(
            principal,
            action,
            _facts(entry, action, principal, asked),
            Circumstances(now=now, approval=approval, role=role, **context),
        )
    except (TypeError, ValueError) as error:
        raise NotRehearsed("its facts are not those of today") from error


def unsaid(entry: Mapping[str, Any], question: Question) -> set[str]:
    """The facts that rules may read and this leaf does not say."""
    asked = entry["asked"]
    read = (question.resource, question.context, question.context.role)
    known = {one.name for facts in read for one in fields(facts)}
    later = {name for name, edition in SINCE.items() if edition > asked.get("edition", 1)}
    return {*asked.get("unsaid", ()), *(later & known)}


def _action(entry: Mapping[str, Any]) -> ActionName:
    if entry.get("kind") == "token":
        return ActionName.SIGN_TOKEN
    if entry.get("kind") != "admin":
        return ActionName.SIGN
    try:
        return ActionName(entry["action"])
    except ValueError as error:
        raise NotRehearsed("an act there is no more") from error


def _approval(entry: Mapping[str, Any], action: ActionName) -> str:
    if action is ActionName.SIGN_TOKEN:
        return "trust_line"
    return str(entry["approval"]["kind"]) if action is ActionName.SIGN else "admin_jws"


def _principal(entry: Mapping[str, Any], action: ActionName, approval: str) -> Principal:
    if action is ActionName.SIGN_TOKEN:
        return Principal(PrincipalKind.SERVICE, "idp")
    if action is not ActionName.SIGN:
        return Principal(PrincipalKind.ADMIN, SOMEBODY)
    if approval in _BY_CLIENT:
        return Principal(PrincipalKind.CLIENT, entry["client"])
    return Principal(PrincipalKind.PERSON, SOMEBODY)


def _role(entry: Mapping[str, Any], asked: Mapping[str, Any]) -> RoleFacts:
    if "operation" not in entry:
        return NO_OPERATION
    if "role" not in asked:
        raise NotRehearsed("journalled before an operation's facts were")
    typed = entry["operation"]
    try:
        return RoleFacts(
            operation=typed["name"],
            office=typed["office"],
            capacity=typed.get("capacity", ""),
            **_with_sets(asked["role"]),
        )
    except TypeError as error:
        raise NotRehearsed("its facts are not those of today") from error


def _facts(
    entry: Mapping[str, Any], action: ActionName, principal: Principal, asked: Mapping[str, Any]
) -> Facts:
    about = dict(asked.get("about", {}))
    if "holder_kind" in about:
        about["holder_kind"] = PrincipalKind(about["holder_kind"])
    kind = ABOUT[action]
    if kind is CredentialFacts:
        return _credential(entry, action, principal, asked, about)
    if kind is ClientKeyFacts:
        return ClientKeyFacts(id=SOMEBODY, **{"holder": SOMEBODY, **about})
    if kind is HolderFacts:
        return HolderFacts(id=SOMEBODY, **{"active": 0, **about})
    if kind is PolicyFacts:
        return PolicyFacts(id=entry["activates"]["bundle"], **about)
    return kind(id=SOMEBODY, **about)


def _credential(
    entry: Mapping[str, Any],
    action: ActionName,
    principal: Principal,
    asked: Mapping[str, Any],
    about: dict[str, Any],
) -> CredentialFacts:
    unsaid = asked.get("unsaid", ())
    if "custodian" in unsaid:
        raise NotRehearsed("journalled before a seal's clerk was")
    own = action is ActionName.SIGN_TOKEN or principal.kind == about.get("holder_kind", PrincipalKind.CLIENT)
    whose = {
        "holder": ANOTHER if "holder" in unsaid or not own else principal.id,
        # The key process asks with all that the bundle's profile accepts.
        "proofs": ALL_PROOFS,
    }
    if "custodian" in about:
        whose["custodian"] = principal.id if about.pop("custodian") == "signer" else ANOTHER
    return CredentialFacts(id=entry.get("credential", SOMEBODY), **{**whose, **about})


def _with_sets(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: frozenset(value) if name in _SETS else value for name, value in told.items()}
