"""Systems report their transactions, and the indicator counts them."""

from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from idp.directory.person import CITIZEN, Person
from idp.evidence.keep import KeepEvidence
from idp.evidence.kpi import report_kpi
from idp.protocol.client_metadata import ClientMetadata
from idp.services import Services
from idp.store.database import Database
from idp.store.evidence import read_after
from idp.store.reported_transactions import add_new, contents_of
from tests.idp.provider import ISSUER, Provider

RESOURCE = f"{ISSUER}/transactions"
PERSON_ID = "5f0c6a1e-0000-4000-8000-000000000001"


class OneStop:
    def __init__(self, provider: Provider, agency: str, scopes: tuple[str, ...] = ("transactions",)) -> None:
        self.provider = provider
        self.services: Services = provider.app.extensions["idp"]
        self.system = provider.register(
            scopes=scopes, resources=(RESOURCE,), metadata=ClientMetadata(agency=agency)
        )
        self.token = provider.issue(self.system, resource=RESOURCE)

    def said(self, transaction_id: str, **changes: Any) -> dict[str, Any]:
        return {
            "id": transaction_id,
            "service": "1.004227.000.00.00.H47",
            "channel": "one-stop",
            "at": int(self.provider.clock().timestamp()),
            "authenticated": True,
            **changes,
        }

    def post(self, body: Any, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        return self.provider.client.post(
            "/transactions", data=orjson.dumps(body), headers=sent, content_type="application/json"
        )

    def report(self, *transactions: Any) -> TestResponse:
        return self.post({"transactions": transactions})

    def sub_of_visitor(self) -> str:
        """The sub of a person who logs in to this system."""
        now = int(self.provider.clock().timestamp())
        person = Person(PERSON_ID, CITIZEN, "active", "nguoi-1", {"name": "Lan"})
        self.services.people.save(person, now)
        session, _ = self.services.sessions.start(
            person, acr="LoA1", amr=("pwd",), upstream="", identity_level="02", device="", address="",
            kiosk=False, now=now,
        )  # fmt: skip
        self.services.sessions.join(session.session_id, self.system.client_id, now)
        client = self.services.clients.find_client(self.system.client_id)
        assert client is not None
        return self.services.subjects.sub_for(PERSON_ID, client)


@pytest.fixture
def one_stop(provider: Provider) -> OneStop:
    return OneStop(provider, "H47.12")


def counted(provider: Provider) -> tuple[int, int]:
    now = int(provider.clock().timestamp())
    with provider.database.reading() as connection:
        found = report_kpi(connection, now - 8 * 86400, now + 86400)["transactions"]
    return found["reported"], found["authenticated"]


def recorded(provider: Provider) -> list[Any]:
    with provider.database.reading() as connection:
        events = [each.event for each in read_after(connection, 0, 5000)]
    return [each for each in events if each.name.startswith("transaction.")]


def refused(answer: TestResponse, word: str) -> None:
    assert answer.status_code == 400, answer.text
    body = orjson.loads(answer.data)
    assert body["error"] == "invalid_request"
    assert word in body["error_description"]
    assert body["error_description_vi"]


def test_reported_transactions_are_counted(provider: Provider, one_stop: OneStop) -> None:
    answer = one_stop.report(
        one_stop.said("HS-1", acr="LoA2", tier="commune"),
        one_stop.said("HS-2", authenticated=False, channel="portal"),
        one_stop.said("HS-3", at=provider.clock().isoformat()),
    )
    assert (answer.status_code, answer.json) == (200, {"recorded": 3, "repeated": 0})
    assert counted(provider) == (3, 2)


def test_a_token_alone_is_no_transaction(provider: Provider, one_stop: OneStop) -> None:
    assert counted(provider) == (0, 0)


def test_a_report_sent_again_counts_once(provider: Provider, one_stop: OneStop) -> None:
    same = [one_stop.said("HS-1"), one_stop.said("HS-2")]
    one_stop.report(*same)
    assert one_stop.report(*same, one_stop.said("HS-3"), one_stop.said("HS-3")).json == {
        "recorded": 1,
        "repeated": 3,
    }
    assert counted(provider) == (3, 3)


def test_an_id_cannot_be_given_other_content(provider: Provider, one_stop: OneStop) -> None:
    one_stop.report(one_stop.said("HS-1", authenticated=False))
    refused(one_stop.report(one_stop.said("HS-2"), one_stop.said("HS-1")), "transactions[1]")
    refused(
        one_stop.report(one_stop.said("HS-4"), one_stop.said("HS-4", channel="portal")), "transactions[1]"
    )
    assert counted(provider) == (1, 0)


def test_the_same_id_of_another_system_is_another_transaction(provider: Provider, one_stop: OneStop) -> None:
    other = OneStop(provider, "H47.13")
    one_stop.report(one_stop.said("HS-1", authenticated=False))
    assert other.report(other.said("HS-1")).json == {"recorded": 1, "repeated": 0}
    assert counted(provider) == (2, 1)


def test_a_sub_becomes_the_person_and_is_not_kept(provider: Provider, one_stop: OneStop) -> None:
    sub = one_stop.sub_of_visitor()
    assert one_stop.report(one_stop.said("012345678901", sub=sub)).status_code == 200
    (event,) = recorded(provider)
    assert event.person_id == PERSON_ID
    assert sub not in repr(event)
    assert "012345678901" not in repr(event)


def test_the_sub_of_another_system_is_refused(provider: Provider, one_stop: OneStop) -> None:
    sub = one_stop.sub_of_visitor()
    other = OneStop(provider, "H47.13")
    refused(other.report(other.said("HS-1"), other.said("HS-2", sub=sub)), "transactions[1]")
    assert recorded(provider) == []


def test_a_sub_of_the_same_agency_that_never_came_here_is_refused(
    provider: Provider, one_stop: OneStop
) -> None:
    sub = one_stop.sub_of_visitor()
    sister = OneStop(provider, "H47.12")
    refused(sister.report(sister.said("HS-1", sub=sub)), "transactions[0]")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"id": ""}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"service": "012345678901"}, "service"),
        ({"service": "thủ tục"}, "service"),
        ({"channel": "phone"}, "channel"),
        ({"channel": ["portal"]}, "channel"),
        ({"authenticated": "true"}, "authenticated"),
        ({"authenticated": 1}, "authenticated"),
        ({"sub": "0" * 64}, "sub"),
        ({"sub": ""}, "sub"),
        ({"acr": "LoA9"}, "acr"),
        ({"tier": "ward"}, "tier"),
        ({"name": "Lan"}, "members"),
        ({"at": True}, "at is RFC 3339"),
        ({"at": "2026-11-24T08:00:00"}, "at is RFC 3339"),
        ({"at": "yesterday"}, "at is RFC 3339"),
    ],
)
def test_a_faulty_item_is_named_and_nothing_is_taken(
    provider: Provider, one_stop: OneStop, changes: dict[str, Any], word: str
) -> None:
    answer = one_stop.report(one_stop.said("HS-1"), one_stop.said("HS-2", **changes))
    refused(answer, "transactions[1]")
    refused(answer, word)
    assert recorded(provider) == []


def test_too_old_and_too_early_are_refused(provider: Provider, one_stop: OneStop) -> None:
    now = int(provider.clock().timestamp())
    assert one_stop.report(one_stop.said("HS-1", at=now - 7 * 86400)).status_code == 200
    refused(one_stop.report(one_stop.said("HS-2", at=now - 7 * 86400 - 1)), "7 days")
    refused(one_stop.report(one_stop.said("HS-2", at=now + 61)), "future")


def test_a_thousand_are_taken_and_one_more_is_not(provider: Provider, one_stop: OneStop) -> None:
    sub = one_stop.sub_of_visitor()
    many = [
        one_stop.said(f"{number:064}", sub=sub, acr="LoA2", tier="commune", service="x" * 64)
        for number in range(1001)
    ]
    refused(one_stop.report(*many), "1000")
    refused(one_stop.report(), "1000")
    assert one_stop.report(*many[:1000]).json == {"recorded": 1000, "repeated": 0}
    assert counted(provider) == (1000, 1000)


@pytest.mark.parametrize("body", [{}, {"transactions": {}}, {"transactions": [], "more": 1}])
def test_another_body_is_refused(one_stop: OneStop, body: Any) -> None:
    refused(one_stop.post(body), "transactions")


def test_an_unknown_procedure_is_counted(provider: Provider, one_stop: OneStop) -> None:
    assert one_stop.report(one_stop.said("HS-1", service="chua-co-ma")).status_code == 200
    assert counted(provider) == (1, 1)


def test_without_a_token_of_this_scope_nothing_is_taken(provider: Provider, one_stop: OneStop) -> None:
    assert one_stop.post({}, Authorization="").status_code == 401
    reader = OneStop(provider, "H47.12", scopes=("read",))
    assert reader.report(reader.said("HS-1")).status_code == 403
    assert recorded(provider) == []


def test_references_are_kept_once_in_every_database_and_forgotten_in_time(database: Database) -> None:
    many = {f"{number:064}": "a" * 64 for number in range(450)}
    with database.writing() as connection:
        assert add_new(connection, "one-stop", many, 100) == many.keys()
    with database.writing() as connection:
        assert add_new(connection, "one-stop", many | {"f" * 64: "b" * 64}, 100) == {"f" * 64}
        assert contents_of(connection, "one-stop", sorted(many)) == many
    KeepEvidence(database).purge(100 + 31 * 86400)
    with database.reading() as connection:
        assert contents_of(connection, "one-stop", sorted(many)) == {}
