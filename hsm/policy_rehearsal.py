"""A policy tried on what the journal has, and on who could sign with a key. It changes nothing."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from hsm import store
from hsm.acts.directory import Directory
from hsm.acts.office_uses import ways_now
from hsm.acts.policy import BundlePolicy
from hsm.database import Database
from hsm.errors import ActMalformed
from hsm.journal.log import Log
from hsm.life_commands import Bar
from hsm.policy_reports import Outcome
from hsm.settings import Settings
from policies.bundle import Bundle
from policies.model import Decision, Question
from policies.possibilities import Opened, Possibility, compare, who_could_sign
from policies.rehearse import Changed, Rehearsal, rehearse

_AT_ONCE = 10_000
# What lines begin with, what may differ between them, and how they end.
Line = tuple[tuple[str, ...], tuple[str, ...], str]


def rehearse_on_journal(
    before: Bundle, after: Bundle, *, last: int, credential_id: str, status: int
) -> Outcome:
    """Both bundles on the last entries, and in general; who could sign with a credential by ``after``.

    Raises ActMalformed for a credential that there is not, StoreUnavailable.
    """
    with closing(Database(Settings.from_environment().database_url)) as database:
        log = Log(database.reader)
        log.reload()
        size, _ = log.head()
        start = max(0, size - max(0, last))
        entries = _entries(log, start, size)
        tried = rehearse(before, after, entries, total=size - start, progress=Bar())
        people = _who_could_sign(database, after, credential_id) if credential_id else []
    opened = compare(before, after)
    data: dict[str, Any] = {
        "before": before.digest,
        "after": after.digest,
        "entries": size - start,
        "acts": tried.acts,
        "questions": tried.questions,
        "same": tried.same,
        "newly_refused": [_changed(one) for one in tried.newly_refused],
        "newly_allowed": [_changed(one) for one in tried.newly_allowed],
        "not_rehearsed": dict(tried.not_rehearsed),
        "in_general": [_opened(one) for one in opened],
    }
    if credential_id:
        data |= {"credential": credential_id, "who_could_sign": [_possible(one) for one in people]}
    differs = tried.newly_refused or tried.newly_allowed or opened
    return Outcome(data, _text(tried, opened, people), status if differs else 0)


def _entries(log: Log, start: int, size: int) -> Iterator[tuple[int, bytes]]:
    while start < size:
        chunk = log.entries(start, min(_AT_ONCE, size - start))
        yield from chunk
        start += len(chunk)


def _who_could_sign(database: Database, bundle: Bundle, credential_id: str) -> list[Possibility]:
    with database.reading() as connection:
        stored = store.find_credential(connection, credential_id)
    if stored is None:
        raise ActMalformed("Không có chứng thư này / there is no such credential.")
    known = Directory.known(stored)
    ways = ways_now(database, known, datetime.now(UTC))
    return who_could_sign(bundle, BundlePolicy(bundle).facts(known), ways)


def _decided(decision: Decision) -> dict[str, Any]:
    return {
        "allowed": decision.allowed, "rules": list(decision.rules), "errors": list(decision.errors),
    }  # fmt: skip


def _changed(one: Changed) -> dict[str, Any]:
    return {
        "acts": one.acts,
        "leaves": one.leaves,
        "what": _what(one.question),
        "before": _decided(one.before),
        "after": _decided(one.after),
    }


def _what(question: Question) -> dict[str, Any]:
    context = question.context
    return {
        "action": question.action.value,
        "by": question.principal.kind.value,
        "approval": context.approval,
        "content": context.content,
        "count": context.count,
        "profile": getattr(question.resource, "profile", ""),
        "operation": context.role.operation,
        "standing": context.role.standing,
        "time": context.now.isoformat(),
    }


def _possible(one: Possibility) -> dict[str, Any]:
    role = one.way.role
    return {
        "who": one.who, "approval": one.approval, "content": one.content, "acr": one.acr,
        "moment": one.moment, "operation": role.operation, "office": role.office, "capacity": role.capacity,
        "standing": role.standing, "mandate": role.mandate, "by": one.way.by,
        "document_kind": one.way.document_kind, **_decided(one.decision),
    }  # fmt: skip


def _opened(one: Opened) -> dict[str, Any]:
    told = _possible(one.after)
    for name in ("allowed", "rules", "errors", "by", "document_kind"):
        del told[name]
    return {
        "profile": one.profile, "entrusted": one.entrusted, **told,
        "before": _decided(one.before.decision), "after": _decided(one.after.decision),
    }  # fmt: skip


def _text(tried: Rehearsal, opened: Sequence[Opened], people: Sequence[Possibility]) -> str:
    lines = [
        f"{tried.acts:,} việc trong nhật ký, {tried.questions:,} câu hỏi khác nhau"
        f" / acts in the journal, different questions",
        f"  như cũ / as before: {tried.same:,}",
    ]
    for title, found in (
        ("SẼ BỊ TỪ CHỐI / NEWLY REFUSED", tried.newly_refused),
        ("SẼ ĐƯỢC PHÉP / NEWLY ALLOWED", tried.newly_allowed),
    ):
        lines.append(f"{title}: {sum(one.acts for one in found):,}")
        lines += [f"  {one.acts:,} × {_said(_what(one.question))}{_why(one.after)}" for one in found]
    if tried.not_rehearsed:
        lines.append(f"KHÔNG THỬ ĐƯỢC / CANNOT BE REHEARSED: {sum(tried.not_rehearsed.values()):,}")
        lines += [f"  {n:,} × {why}" for why, n in tried.not_rehearsed.items()]
    if opened:
        lines.append("NÓI CHUNG / IN GENERAL, đã có ai ký hay chưa / whether anybody did or not:")
        lines += _merged(map(_side, opened))
    if people:
        lines.append("AI KÝ ĐƯỢC BẰNG KHÓA NÀY / WHO COULD SIGN WITH THIS KEY:")
        lines += _merged(_way(one) for one in people if one.decision.allowed)
        denied = sum(not one.decision.allowed for one in people)
        lines.append(f"  mọi cách khác bị từ chối / every other way is refused: {denied} (--json)")
    return "\n".join(lines) + "\n"


def _said(what: dict[str, Any]) -> str:
    told = ("action", "profile", "by", "approval", "content", "operation", "standing")
    parts = (what[name] for name in told)
    return " ".join(part for part in parts if part)


def _way(one: Possibility) -> Line:
    role, way = one.way.role, one.way
    held = (
        role.operation,
        role.office,
        role.standing,
        role.mandate,
        role.capacity,
        way.document_kind,
        way.by,
    )
    return (one.who, one.approval, one.acr, one.content, *held), (one.moment,), _why(one.decision)


def _side(one: Opened) -> Line:
    after, role = one.after, one.after.way.role
    head = (
        "CHO / ALLOWS" if after.decision.allowed else "CẤM / FORBIDS",
        f"{one.profile}, văn thư giữ / a clerk's:" if one.entrusted else f"{one.profile}:",
        after.who,
        after.approval,
    )
    operation = ":".join(filter(None, (role.operation, role.standing, role.mandate)))
    return head, (after.acr, after.content, after.moment, operation), _why(after.decision)


def _merged(lines: Iterable[Line]) -> Iterator[str]:
    """One line for all that begin and end alike, with what differs between: ``prepared|dtbsr``."""
    alike: dict[tuple[tuple[str, ...], str], list[tuple[str, ...]]] = {}
    for head, words, why in lines:
        alike.setdefault((head, why), []).append(words)
    for (head, why), found in alike.items():
        words = tuple("|".join(filter(None, dict.fromkeys(one))) for one in zip(*found, strict=True))
        yield "  " + " ".join(filter(None, head + words)) + why


def _why(decision: Decision) -> str:
    why = ", ".join((*decision.rules, *decision.errors)) or "không quy tắc nào cho phép / no rule permits"
    return f"  [{why}]"
