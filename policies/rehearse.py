"""What would a draft have decided? The journal's last acts, asked of the policy in force and of the draft.

A million acts are a few hundred questions: acts that no rule can tell apart are asked once. The journal
knows only what was allowed, so what a draft would newly allow is looked for where nobody has been yet, too
(``policies.possibilities``).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from policies.about import ABOUT, entity_type
from policies.bundle import Bundle
from policies.engine import Engine
from policies.journalled import ANOTHER, SOMEBODY, NotRehearsed, question_of, unsaid
from policies.local_time import VIETNAM
from policies.model import (
    ClientKeyFacts,
    CredentialFacts,
    Decision,
    EnrolmentFacts,
    HolderFacts,
    PrincipalKind,
    Question,
)

Progress = Callable[[int, int], None]
EXAMPLES = 5
_EVERY = 4096
_UNTOLD = (SOMEBODY, ANOTHER)


@dataclass(slots=True)
class Changed:
    """Acts that change sides alike. ``leaves``: the first few of them in the journal."""

    question: Question
    before: Decision
    after: Decision
    acts: int = 0
    leaves: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """``acts``: intents read; ``questions``: different ones; ``not_rehearsed``: how many acts, by why."""

    acts: int
    questions: int
    same: int
    newly_refused: tuple[Changed, ...]
    newly_allowed: tuple[Changed, ...]
    not_rehearsed: Mapping[str, int]


@dataclass(slots=True)
class _Group:
    entry: Mapping[str, Any]
    acts: int = 0
    leaves: list[int] = field(default_factory=list)


def rehearse(
    before: Bundle,
    after: Bundle,
    entries: Iterable[tuple[int, bytes]],
    *,
    total: int,
    progress: Progress = lambda _done, _total: None,
) -> Rehearsal:
    """Ask both policies about every intent among ``entries`` (leaf index, leaf).

    ``total``: how many entries there are, for ``progress``, which is called now and then.
    """
    alike = _Alike(before, after)
    groups: dict[object, _Group] = {}
    acts = done = 0
    for done, (index, text) in enumerate(entries, 1):
        if done % _EVERY == 0:
            progress(done, total)
        entry = orjson.loads(text)
        if entry["type"] != "intent" or entry.get("kind") == "rewrap":
            continue
        acts += 1
        group = groups.setdefault(alike.key(entry), _Group(entry))
        group.acts += 1
        if len(group.leaves) < EXAMPLES:
            group.leaves.append(index)
    progress(done, total)
    return _compare(Engine(before), Engine(after), alike, groups, acts)


def _compare(
    before: Engine, after: Engine, alike: "_Alike", groups: Mapping[object, _Group], acts: int
) -> Rehearsal:
    missing: Counter[str] = Counter()
    changed: list[Changed] = []
    same = 0
    for group in groups.values():
        try:
            question = question_of(group.entry)
            alike.check_told(question, group.entry)
        except NotRehearsed as reason:
            missing[reason.reason] += group.acts
            continue
        old, new = before.decide(question), after.decide(question)
        if old.allowed == new.allowed:
            same += group.acts
        else:
            changed.append(Changed(question, old, new, group.acts, group.leaves))
    changed.sort(key=lambda one: -one.acts)
    return Rehearsal(
        acts=acts,
        questions=len(groups),
        same=same,
        newly_refused=tuple(one for one in changed if one.before.allowed),
        newly_allowed=tuple(one for one in changed if one.after.allowed),
        not_rehearsed=dict(missing),
    )


class _Alike:
    """Which acts no rule of either bundle can tell apart."""

    def __init__(self, before: Bundle, after: Bundle) -> None:
        self._rules = [*before.rules.values(), *after.rules.values()]
        types = [*PrincipalKind, *map(entity_type, set(ABOUT.values()))]
        self._named = {kind: any(rule.names(kind) for rule in self._rules) for kind in types}
        self._knows_clerks = any(rule.tells_apart("custodian") for rule in self._rules)
        self._marks = {name: self._marks_of(name) for name in ("now", "minute", "weekday")}

    def _marks_of(self, attribute: str) -> frozenset[int] | None:
        """The numbers a clock is compared with: between two of them nothing changes. None: not so simple."""
        marks: set[int] = set()
        for rule in self._rules:
            found = rule.marks(attribute)
            if found is None:
                return None
            marks |= found
        return frozenset(marks)

    def key(self, entry: Mapping[str, Any]) -> object:
        """Equal for acts that get equal answers."""
        return (
            entry.get("kind") if entry.get("kind") in ("token", "admin") else "",
            entry.get("action"),
            entry["approval"]["kind"] if "approval" in entry else "",
            entry.get("client") if self._named["Client"] else "",
            entry.get("credential") if self._named["Credential"] else "",
            self._asked(entry),
        )

    def _asked(self, entry: Mapping[str, Any]) -> object:
        if not isinstance(entry.get("asked"), dict):
            return None
        # By which post or mandate is for the journal alone.
        typed = {name: entry.get("operation", {}).get(name) for name in ("name", "office", "capacity")}
        return orjson.dumps([entry["asked"], typed], option=orjson.OPT_SORT_KEYS), self._clock(entry["time"])

    def _clock(self, time: int) -> tuple[int, ...]:
        if not any(marks is None or marks for marks in self._marks.values()):
            return ()
        local = datetime.fromtimestamp(time, VIETNAM)
        minute = local.hour * 60 + local.minute
        told = {"now": time, "minute": minute, "weekday": local.isoweekday()}
        return tuple(_between(told[name], marks) for name, marks in self._marks.items())

    def check_told(self, question: Question, entry: Mapping[str, Any]) -> None:
        """Raise NotRehearsed when a rule could read what the leaf does not tell."""
        for name in sorted(unsaid(entry, question)):
            if any(rule.mentions(name) for rule in self._rules):
                raise NotRehearsed(f"a rule reads {name}, which is not journalled")
        for kind in _untold(question):
            if self._named[kind]:
                raise NotRehearsed(f"a rule names a certain {kind}, and no leaf does")
        custodian = getattr(question.resource, "custodian", "")
        if custodian and self._knows_clerks:
            raise NotRehearsed("a rule reads custodian, which is not journalled")


def _untold(question: Question) -> set[str]:
    """The kinds of entity that a question speaks of without saying which one it is."""
    facts, kinds = question.resource, set()
    if question.principal.id in _UNTOLD:
        kinds.add(question.principal.kind.value)
    if facts.id in _UNTOLD:
        kinds.add(entity_type(type(facts)))
    match facts:
        case CredentialFacts():
            kinds |= {facts.holder_kind.value} if facts.holder in _UNTOLD else set()
            kinds |= {PrincipalKind.PERSON.value} if facts.custodian else set()
        case ClientKeyFacts():
            kinds |= {PrincipalKind.CLIENT.value} if facts.holder in _UNTOLD else set()
        case EnrolmentFacts():
            kinds.add(PrincipalKind.PERSON.value)
        case HolderFacts():
            kinds.add(facts.holder_kind.value)
    return kinds


def _between(value: int, marks: frozenset[int] | None) -> int:
    """The same for all values between two marks."""
    if marks is None:
        return value
    return sum((value >= mark) + (value > mark) for mark in marks)
