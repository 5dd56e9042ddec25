"""A system reports its transactions: each becomes one event, once, however often it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

import orjson

from idp.errors import ReportRefused
from idp.evidence.event import Event
from idp.evidence.record import EvidenceRecorder
from idp.protocol.client import Client
from idp.protocol.reported_transaction import ReportedTransaction, faulty
from idp.store.database import Database
from idp.store.reported_transactions import add_new, contents_of, people_of_client


class Subjects(Protocol):
    def sub_for(self, person_id: str, client: Client) -> str: ...


@dataclass(frozen=True, slots=True)
class Taken:
    """``recorded``: new. ``repeated``: sent before, in this call or another, with the same content."""

    recorded: int
    repeated: int


@dataclass(frozen=True, slots=True)
class ReportTransactions:
    """One for each app."""

    database: Database
    subjects: Subjects
    evidence: EvidenceRecorder

    def report(self, client: Client, transactions: Sequence[ReportedTransaction], now: int) -> Taken:
        """All or nothing, durable when it returns. Raises ReportRefused, StoreUnavailable."""
        # 1 one content for each id
        items: dict[str, tuple[int, ReportedTransaction]] = {}
        for index, each in enumerate(transactions):
            _, first = items.setdefault(_digest(each.transaction_id), (index, each))
            if first != each:
                raise _conflict(index)
        contents = {reference: _content(each) for reference, (_, each) in items.items()}
        with self.database.writing() as connection:
            # 2 people of this client and no other
            people: dict[str, str] = {}
            if any(each.sub for each in transactions):
                people = {
                    self.subjects.sub_for(person_id, client): person_id
                    for person_id in people_of_client(connection, client.client_id)
                }
            for index, each in items.values():
                if each.sub and each.sub not in people:
                    raise faulty(
                        index,
                        "sub không phải của người đã đăng nhập vào hệ thống này.",
                        "sub is of nobody who logged in to this system.",
                    )
            # 3 once
            new = add_new(connection, client.client_id, contents, now)
            before = contents_of(connection, client.client_id, sorted(contents.keys() - new))
            for reference, content in before.items():
                if content != contents[reference]:
                    raise _conflict(items[reference][0])
            # 4 the events, in the same transaction
            self.evidence.record_all_within(
                connection,
                [
                    _event(client.client_id, reference, each, people.get(each.sub, ""))
                    for reference, (_, each) in items.items()
                    if reference in new
                ],
            )
        return Taken(len(new), len(transactions) - len(new))


def _event(client_id: str, reference: str, each: ReportedTransaction, person_id: str) -> Event:
    details = {
        "reference": reference,
        "service": each.service,
        "channel": each.channel,
        "tier": each.tier,
    }
    if each.authenticated:
        name, more = "transaction.authenticated", {"acr": each.acr}
    else:
        name, more = "transaction.refused", {"reason": "not_authenticated"}
    return Event(name, each.at, person_id=person_id, client_id=client_id, details=details | more)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _content(each: ReportedTransaction) -> str:
    said = [each.service, each.channel, each.at, each.authenticated, each.sub, each.acr, each.tier]
    return sha256(orjson.dumps(said)).hexdigest()


def _conflict(index: int) -> ReportRefused:
    return faulty(
        index,
        "id này đã được báo với nội dung khác.",
        "this id was reported with other content.",
    )
