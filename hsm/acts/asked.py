"""What the journal says of the question that the policy was asked, so that another can be asked it later.

Named one by one: a leaf is public for ever, so what is not listed here is not said. An id of a person never
is; a text that callers make up is, where it is a word and no sentence. Whatever a rule could read and the
leaf does not say is named in ``unsaid``, and such an act can't be rehearsed by rules that read it.
``policies.journalled`` reads it.
"""

import re
from dataclasses import fields
from typing import Any

from policies.journalled import EDITION
from policies.model import (
    ActionName,
    Circumstances,
    ClientKeyFacts,
    CredentialFacts,
    Facts,
    PrincipalKind,
    Question,
)
from policies.office_life import RoleFacts

CONTEXT = (
    "approvers",
    "count",
    "content",
    "document_kind",
    "acr",
    "act_seconds",
    "parts",
    "consents",
    "absent",
)
ABOUT = (
    "purpose", "algorithm", "state", "profile", "training", "holder_kind", "active", "wrapped", "version",
    "earlier", "office", "rank", "person", "form", "grantor", "grantee", "grantee_place", "grantee_own",
    "written", "ends", "limited", "others",
)  # fmt: skip
ROLE = (
    "office_active",
    "office_training",
    "standing",
    "mandate",
    "earlier",
    "earlier_operations",
    "earlier_elsewhere",
)
# In the leaf already, told by the bundle, or said below in words of its own; ids that a rule may name are
# the rehearsal's to look for.
ELSEWHERE = ("now", "approval", "role", "id", "holder", "custodian", "proofs")
# The leaf's own ``operation`` says these (``standing.journalled``); no rule reads the last.
IN_OPERATION = ("operation", "office", "capacity", "ground")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def asked(question: Question) -> dict[str, Any]:
    """Canonical JSON's members: the circumstances, ``about`` the facts, ``unsaid`` what is left out.

    ``about`` says of a ``holder`` who is not the signer which client that is, and of a ``custodian``
    whether that is the ``signer`` or ``another``. ``role``: an operation's facts. ``edition``: which facts
    there were to say.
    """
    unsaid: list[str] = []
    told = {"edition": EDITION, **_say(question.context, CONTEXT, ELSEWHERE, unsaid)}
    told["about"] = _say(question.resource, ABOUT, ELSEWHERE, unsaid) | _whose(question, unsaid)
    if question.context.role.operation:
        told["role"] = _say(question.context.role, ROLE, IN_OPERATION, unsaid)
    if unsaid:
        told["unsaid"] = sorted(unsaid)
    return told


def _say(
    source: Circumstances | Facts | RoleFacts,
    listed: tuple[str, ...],
    elsewhere: tuple[str, ...],
    unsaid: list[str],
) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for one in fields(source):
        value = getattr(source, one.name)
        if one.name in elsewhere or value == one.default:
            continue
        if one.name not in listed or (isinstance(value, str) and value and not _WORD.fullmatch(value)):
            unsaid.append(one.name)
        elif isinstance(value, frozenset):
            told[one.name] = sorted(value)
        else:
            told[one.name] = str(value) if isinstance(value, str) else value
    return told


def _whose(question: Question, unsaid: list[str]) -> dict[str, str]:
    """Holder and custodian, without saying who a person is."""
    facts, signer = question.resource, question.principal
    if not isinstance(facts, CredentialFacts | ClientKeyFacts):
        return {}
    told = {}
    if isinstance(facts, CredentialFacts) and facts.custodian:
        by_signer = (signer.kind, signer.id) == (PrincipalKind.PERSON, facts.custodian)
        told["custodian"] = "signer" if by_signer else "another"
    kind = facts.holder_kind if isinstance(facts, CredentialFacts) else PrincipalKind.CLIENT
    # A token's key is the identity provider's own, though its kind is a client's.
    own = signer.kind == kind or question.action is ActionName.SIGN_TOKEN
    if own and signer.id == facts.holder:
        return told
    if kind is PrincipalKind.CLIENT and _WORD.fullmatch(facts.holder):
        told["holder"] = facts.holder
    elif own:
        unsaid.append("holder")
    return told
