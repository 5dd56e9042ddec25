"""From an intent of the journal back to the question that the policy was asked.

Leaves carry no ids of people and no sentences, so a question can come back incomplete. Then it is not
guessed: ``NotRehearsed`` says what is missing, and whoever rehearses counts it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, get_args

from policies.engine import CLIENT_KEY_ACTIONS, ENROLMENT_ACTIONS, STORE_ACTIONS
from policies.errors import PolicyError
from policies.model import (
    ActionName,
    Circumstances,
    ClientKeyFacts,
    CredentialFacts,
    EnrolmentFacts,
    Facts,
    HolderFacts,
    PolicyFacts,
    Principal,
    PrincipalKind,
    Question,
    StoreFacts,
)
from policies.profiles import Proof

SOMEBODY = "-"  # an id that no leaf tells, and no rule may name
ALL_PROOFS = frozenset(get_args(Proof))
_SETS = ("consents", "parts", "absent")
_BY_CLIENT = ("client_jws", "access_token")


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
    context: dict[str, Any] = {
        name: frozenset(value) if name in _SETS else value
        for name, value in asked.items()
        if name not in ("about", "unsaid")
    }
    try:
        return Question(
            principal,
            action,
            _facts(entry, action, principal, dict(asked.get("about", {}))),
            Circumstances(now=datetime.fromtimestamp(entry["time"], UTC), approval=approval, **context),
        )
    except (TypeError, ValueError) as error:
        raise NotRehearsed("its facts are not those of today") from error


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


def _facts(
    entry: Mapping[str, Any], action: ActionName, principal: Principal, about: dict[str, Any]
) -> Facts:
    if "holder_kind" in about:
        about["holder_kind"] = PrincipalKind(about["holder_kind"])
    if action in CLIENT_KEY_ACTIONS:
        return ClientKeyFacts(id=SOMEBODY, holder=SOMEBODY, **about)
    if action in ENROLMENT_ACTIONS:
        return EnrolmentFacts(id=SOMEBODY, **about)
    if action in STORE_ACTIONS:
        return StoreFacts(id=SOMEBODY, **about)
    if action is ActionName.SUSPEND_HOLDER:
        return HolderFacts(id=SOMEBODY, **{"active": 0, **about})
    if action is ActionName.ACTIVATE_POLICY:
        return PolicyFacts(id=entry["activates"]["bundle"], **about)
    # What was signed was signed with one's own: never-foreign-credential.
    holder = principal.id if action in (ActionName.SIGN, ActionName.SIGN_TOKEN) else SOMEBODY
    return CredentialFacts(id=entry.get("credential", SOMEBODY), holder=holder, proofs=ALL_PROOFS, **about)
