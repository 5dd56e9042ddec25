"""The delivery board and the indicators: for administrators with a passkey, and nobody else."""

import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from idp.directory.person import ADMINISTRATOR, OFFICIAL, Person
from idp.protocol.client_metadata import ClientMetadata
from idp.services import Services
from idp.store.evidence import read_after
from idp.store.logout_deliveries import DEAD, DELIVERED, queue_deliveries
from tests.idp.provider import Provider
from tests.idp.software_keys import SoftwareKeys

BOARD = "/admin/logout-deliveries"


def person(number: int, *roles: str) -> Person:
    person_id = f"5f0c6a1e-0000-4000-8000-00000000000{number}"
    return Person(person_id, OFFICIAL, "active", f"nguoi-{number}", {"name": "Lan"}, roles=roles)


ADMIN, CLERK = person(1, ADMINISTRATOR), person(2)


class Visitor:
    def __init__(self, provider: Provider) -> None:
        self.services: Services = provider.app.extensions["idp"]
        self.http = provider.app.test_client()
        self.now = int(provider.clock().timestamp())

    def log_in(self, who: Person, acr: str = "LoA3") -> "Visitor":
        _, cookie = self.services.sessions.start(
            who, acr=acr, amr=("pwd", "otp"), upstream="", identity_level="02", device="", address="",
            kiosk=False, now=self.now,
        )  # fmt: skip
        self.http.set_cookie("__Host-sid", cookie, secure=True, domain="localhost")
        return self

    def get(self, path: str, accept: str = "text/html") -> TestResponse:
        return self.http.get(path, base_url="https://localhost", headers={"Accept": accept})

    def post(self, path: str, token: str) -> TestResponse:
        return self.http.post(
            path,
            data={"csrf_token": token},
            base_url="https://localhost",
            headers={"Referer": f"https://localhost{BOARD}"},
        )


@pytest.fixture
def provider(tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys) -> Provider:
    provider = Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target)
    services: Services = provider.app.extensions["idp"]
    now = int(provider.clock().timestamp())
    for who in (ADMIN, CLERK):
        services.people.save(who, now)
    for name in ("well", "ill"):
        metadata = ClientMetadata(backchannel_logout_uri=f"https://{name}.example.gov.vn/o")
        provider.register(name, metadata=metadata)
    with services.database.writing() as connection:
        for number in range(3):
            targets = [("well", "https://well/"), ("ill", "https://ill/")]
            queue_deliveries(connection, f"s-{number}", CLERK.person_id, targets, now - 60)
    held = services.logout.deliveries.claim(now=now, lease=60, limit=8)
    for delivery in held:
        if delivery.client_id == "well":
            services.logout.deliveries.finish(delivery, state=DELIVERED, error="", now=now)
        else:
            services.logout.deliveries.finish(delivery, state=DEAD, error="timeout", now=now)
    return provider


def test_the_board_shows_who_is_not_told_first(provider: Provider) -> None:
    visitor = Visitor(provider).log_in(ADMIN)
    told = visitor.get(BOARD, "application/json").json
    assert told["days"] == 7
    assert [row["client_id"] for row in told["clients"]] == ["ill", "well"]
    ill, well = told["clients"]
    assert (ill["delivered"], ill["waiting"], ill["dead"], ill["share"]) == (0, 1, 2, 0.0)
    assert ill["last_error"] == "timeout"
    assert ill["oldest_waiting"] == visitor.now - 60
    assert (well["delivered"], well["waiting"], well["dead"], well["share"]) == (2, 1, 0, 1.0)
    shown = visitor.get(BOARD)
    assert shown.status_code == 200
    assert "100.0 %" in shown.text
    assert shown.text.index("ill") < shown.text.index("well")


def test_an_administrator_has_it_tried_again(provider: Provider) -> None:
    visitor = Visitor(provider).log_in(ADMIN)
    found = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(BOARD).text)
    assert found
    answer = visitor.post(f"{BOARD}/ill", found[1])
    assert answer.status_code == 303
    assert "3" in visitor.get(answer.location).text
    due = visitor.services.logout.deliveries.claim(now=visitor.now, lease=60, limit=8)
    assert "ill" in {each.client_id for each in due}
    with visitor.services.database.reading() as connection:
        last = [each.event for each in read_after(connection, 0, 50) if each.event.name == "logout.retried"]
    assert [(each.client_id, each.person_id, each.details["deliveries"]) for each in last] == [
        ("ill", ADMIN.person_id, 3)
    ]


def test_another_site_cannot_have_it_tried_again(provider: Provider) -> None:
    visitor = Visitor(provider).log_in(ADMIN)
    assert visitor.post(f"{BOARD}/ill", "forged").status_code == 400
    row = visitor.get(BOARD, "application/json").json["clients"][0]
    assert row["dead"] == 2


def test_whoever_is_no_administrator_sees_nothing(provider: Provider) -> None:
    for path in (BOARD, "/admin/kpi?from=2026-11-24&to=2026-11-24"):
        answer = Visitor(provider).log_in(CLERK).get(path)
        assert answer.status_code == 403
        assert "ill" not in answer.text
        assert Visitor(provider).get(path, "application/json").status_code == 401


def test_an_administrator_without_a_passkey_has_to_prove_more(provider: Provider) -> None:
    answer = Visitor(provider).log_in(ADMIN, acr="LoA2").get(BOARD)
    assert answer.status_code == 303
    assert "/login/" in answer.location


def test_nobody_is_led_to_the_login_page_and_back(provider: Provider) -> None:
    answer = Visitor(provider).get(BOARD)
    assert answer.status_code == 303
    assert "/login/" in answer.location


def test_the_indicators_are_told_as_json(provider: Provider) -> None:
    visitor = Visitor(provider).log_in(ADMIN)
    told = visitor.get("/admin/kpi?from=2026-11-24&to=2026-11-24&systems=10").json
    assert told["systems"]["of"] == 10
    assert visitor.get("/admin/kpi?from=today").status_code == 400
