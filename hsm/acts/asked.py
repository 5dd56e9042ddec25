"""What the journal says of the question that the policy was asked, so that another can be asked it later.

Named one by one: a leaf is public for ever, so what is not listed here is not said. An id of a person never
is; a text that callers make up is, where it is a word and no sentence. Whatever a rule could read and the
leaf does not say is named in ``unsaid``, and such an act can't be rehearsed by rules that read it.
"""

import re
from dataclasses import fields
from typing import Any

from policies.model import Circumstances, Facts, Question

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
    "earlier", "office",
)  # fmt: skip
# In the leaf already, or told by the bundle; ids that a rule may name are the rehearsal's to look for.
ELSEWHERE = ("now", "approval", "id", "holder", "proofs")
# Left out on purpose: a clerk's id; a typed operation, of which the leaf says the chief part by itself.
LEFT_OUT = ("custodian", "role")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def asked(question: Question) -> dict[str, Any]:
    """Canonical JSON's members: the circumstances, ``about`` the facts, ``unsaid`` what is left out."""
    unsaid: list[str] = []
    told = _say(question.context, CONTEXT, unsaid)
    told["about"] = _say(question.resource, ABOUT, unsaid)
    if unsaid:
        told["unsaid"] = sorted(unsaid)
    return told


def _say(source: Circumstances | Facts, listed: tuple[str, ...], unsaid: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for one in fields(source):
        value = getattr(source, one.name)
        if one.name in ELSEWHERE or value == one.default:
            continue
        if one.name not in listed or (isinstance(value, str) and value and not _WORD.fullmatch(value)):
            unsaid.append(one.name)
        elif isinstance(value, frozenset):
            told[one.name] = sorted(value)
        else:
            told[one.name] = str(value) if isinstance(value, str) else value
    return told
