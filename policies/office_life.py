"""What a rule may know of an office: its people's posts and mandates, and a document's course through it.

Decree 30/2020/NĐ-CP, Art. 13 to 15, 25 to 27, 32 and 33. Pure values, as in ``policies.model``.
"""

from dataclasses import dataclass

# Decree 30/2020/NĐ-CP, Art. 13: by whose authority one signs; and what a post in an office is.
FORMS = ("TM", "KT", "TL", "TUQ", "Q")
RANKS = ("head", "deputy", "unit_head", "unit_deputy", "member")


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """What a rule may know of a typed operation; all is empty for an act without one.

    ``operation``: initial, sign, issue, annex, copy, incoming or comment, done in ``office`` (which is
    ``office_active`` or not, and for training or not). ``capacity``: the words one signs under, such as
    "KT. CHỦ TỊCH".
    ``standing``: how the person holds it: ``mandate``, ``post``, ``member`` (works there, no more), or
    empty. ``mandate``: how it stands with the mandate: valid, expired, not_yet, revoked, lapsed (who gave
    it, or whom it was given to, holds the post no more), scope (another kind of document or operation),
    or empty when none is used.
    ``earlier``: how it stands with the signatures that the act's items name as those before theirs: none
    (an item names none), signed, failed, open, unknown, digest (it signed something else).
    ``earlier_operations``: what those were. ``earlier_elsewhere``: one was made in another office.
    ``ground`` is for the journal: the id of the post or mandate.
    """

    operation: str = ""
    office: str = ""
    office_active: bool = False
    office_training: bool = False
    capacity: str = ""
    standing: str = ""
    mandate: str = ""
    earlier: frozenset[str] = frozenset()
    earlier_operations: frozenset[str] = frozenset()
    earlier_elsewhere: bool = False
    ground: str = ""


NO_OPERATION = RoleFacts()


@dataclass(frozen=True, slots=True)
class OfficeFacts:
    """What a rule may know of an office. ``state``: new, active, retired."""

    id: str
    state: str


@dataclass(frozen=True, slots=True)
class PostFacts:
    """What a rule may know of a post. ``state``: new, given; ``person``: active, retired, unknown."""

    id: str
    state: str
    rank: str
    office: str
    person: str


@dataclass(frozen=True, slots=True)
class MandateFacts:
    """What a rule may know of a mandate.

    ``state``: new, given, revoked. ``form``: TM, KT, TL, TUQ, Q. ``grantor``: by what its grantor gives
    it: ``head`` (heads this office), ``above`` (heads the office above), the form of the mandate that
    is passed on, or ``none``. ``grantee``: the rank of the post it is given to; ``grantee_place``: here,
    below, elsewhere; ``grantee_own``: that post is in the office of the grantor's own post. ``written``: a
    document is named; ``ends``: it has an end; ``limited``: to kinds of documents. ``training``: its office
    is one for training.
    """

    id: str
    state: str
    form: str
    office: str = "active"
    grantor: str = "none"
    grantee: str = ""
    grantee_place: str = "elsewhere"
    grantee_own: bool = False
    written: bool = False
    ends: bool = False
    limited: bool = False
    training: bool = False
