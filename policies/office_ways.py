"""Ways to use a key in an office: each typed operation, by a post, by a mandate or by neither.

Decree 30/2020/NĐ-CP, Art. 12 to 15, 25 to 27, 32 and 33. For asking who could sign: nobody did so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from policies.office_life import NO_OPERATION, RoleFacts

BY_PERSON: tuple[Literal["initial", "sign", "comment"], ...] = ("initial", "sign", "comment")
BY_SEAL: tuple[Literal["issue", "annex", "copy", "incoming"], ...] = ("issue", "annex", "copy", "incoming")
AN_OFFICE = "don-vi"
_AFTER_SIGNATURE = ("issue", "annex")


@dataclass(frozen=True, slots=True)
class Way:
    """``role``: what a rule may know of it; ``document_kind``: one that the mandate is for;
    ``by``: the id of the post or mandate, where there is one."""

    role: RoleFacts = NO_OPERATION
    document_kind: str = ""
    by: str = ""


PLAIN = Way()


def in_order(role: RoleFacts) -> RoleFacts:
    """After what its operation comes: a seal after the signature, everything else at the beginning."""
    if role.operation in _AFTER_SIGNATURE:
        return _after(role, "sign")
    return replace(role, earlier=frozenset({"none"}))


def _out_of_order(role: RoleFacts) -> RoleFacts:
    """A seal that nothing comes before; everything else on a document that was issued."""
    if role.operation in _AFTER_SIGNATURE:
        return replace(role, earlier=frozenset({"none"}))
    return _after(role, "issue")


def _after(role: RoleFacts, operation: str) -> RoleFacts:
    return replace(role, earlier=frozenset({"signed"}), earlier_operations=frozenset({operation}))


def in_general(purpose: str) -> tuple[Way, ...]:
    """Those of an office that is made up, for a key of this purpose: also by whom and when they must not."""
    if purpose == "token":
        return (PLAIN,)
    return (PLAIN, *(Way(role) for role in _roles()))


def _roles() -> Iterator[RoleFacts]:
    for by_person in BY_PERSON:
        # Initials and comments need no capacity; a member has none to sign in.
        capacity, own = "CHỦ TỊCH", "CHỦ TỊCH" if by_person == "sign" else ""
        role = RoleFacts(by_person, AN_OFFICE, office_active=True)
        yield in_order(replace(role, capacity=capacity, standing="post"))
        for state in ("valid", "expired"):
            yield in_order(replace(role, capacity=capacity, standing="mandate", mandate=state))
        yield in_order(replace(role, capacity=own, standing="member"))
        yield in_order(replace(role, capacity=own))
        yield _out_of_order(replace(role, capacity=capacity, standing="post"))
    for by_seal in BY_SEAL:
        role = RoleFacts(by_seal, AN_OFFICE, office_active=True)
        yield in_order(role)
        yield _out_of_order(role)
        yield in_order(replace(role, office=f"{AN_OFFICE}-khac"))
        yield in_order(replace(role, office_active=False))
    yield replace(in_order(RoleFacts("issue", AN_OFFICE, office_active=True)), earlier_elsewhere=True)
