"""The registration console: for administrators with a passkey or card, and what it shows once."""

import re

import pytest
from werkzeug.test import TestResponse

from idp.directory.person import ADMINISTRATOR, OFFICIAL, Person
from idp.protocol.client_metadata import ClientMetadata
from idp.services import Services
from idp.store.clients import find_registration
from tests.idp.provider import Provider
from tests.idp.registration.desk import bearer, sound

BASE = "https://localhost"
ADMIN = Person(
    "5f0c6a1e-0000-4000-8000-000000000001", OFFICIAL, "active", "qt", {"name": "Lan"}, roles=(ADMINISTRATOR,)
)
CLERK = Person("5f0c6a1e-0000-4000-8000-000000000002", OFFICIAL, "active", "cb", {"name": "An"})


class Browser:
    def __init__(self, provider: Provider) -> None:
        self.services: Services = provider.app.extensions["idp"]
        self.http = provider.app.test_client()
        self.now = int(provider.clock().timestamp())

    def log_in(self, who: Person, acr: str = "LoA3") -> "Browser":
        self.services.people.save(who, self.now)
        _, cookie = self.services.sessions.start(
            who, acr=acr, amr=("pwd", "otp"), upstream="", identity_level="", device="", address="",
            kiosk=False, now=self.now,
        )  # fmt: skip
        self.http.set_cookie("__Host-sid", cookie, secure=True, domain="localhost")
        return self

    def get(self, path: str) -> TestResponse:
        return self.http.get(path, base_url=BASE, headers={"Accept": "text/html"})

    def post(self, path: str, seen_at: str, **fields: str) -> TestResponse:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(seen_at).text)
        token = found[1] if found else ""
        return self.http.post(
            path, data={"csrf_token": token, **fields}, base_url=BASE, headers={"Referer": f"{BASE}{seen_at}"}
        )


@pytest.fixture
def admin(provider: Provider) -> Browser:
    return Browser(provider).log_in(ADMIN)


def secret_client(provider: Provider) -> str:
    until = int(provider.clock().timestamp()) + 90 * 86400
    metadata = ClientMetadata(
        token_endpoint_auth_method="client_secret_basic", profile="baseline", profile_until=until
    )
    return provider.register(metadata=metadata).client_id


def test_an_administrator_sees_every_system_and_what_to_mend(provider: Provider, admin: Browser) -> None:
    client_id = provider.register().client_id
    listed = admin.get("/integrators")
    assert listed.status_code == 200
    assert client_id in listed.text
    shown = admin.get(f"/integrators/clients/{client_id}")
    assert "no_contacts" in shown.text
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert "nobody can be told" in admin.get(f"/integrators/clients/{client_id}?lang=en").text
    assert admin.get("/integrators/clients/nobody").status_code == 404


@pytest.mark.parametrize("who", [CLERK, None])
def test_nobody_else_sees_or_changes_anything(provider: Provider, who: Person | None) -> None:
    client_id = secret_client(provider)
    browser = Browser(provider)
    if who:
        browser.log_in(who)
    for path in ("/integrators", f"/integrators/clients/{client_id}"):
        answer = browser.get(path)
        assert answer.status_code in (303, 403)
        assert "no_contacts" not in answer.text
    for path in (f"/integrators/clients/{client_id}/disable", f"/integrators/clients/{client_id}/secret"):
        assert browser.post(path, "/errors").status_code in (303, 400, 403)
    with provider.database.reading() as connection:
        registration = find_registration(connection, client_id)
    assert registration is not None
    assert (registration.state, registration.metadata.secret_hash) == ("active", "")


def test_one_factor_is_not_enough(provider: Provider) -> None:
    assert Browser(provider).log_in(ADMIN, acr="LoA2").get("/integrators").status_code == 303


def test_a_secret_is_shown_once_and_stands_in_no_address(provider: Provider, admin: Browser) -> None:
    client_id = secret_client(provider)
    page = f"/integrators/clients/{client_id}"
    made = admin.post(f"{page}/secret", page)
    assert made.status_code == 200, provider.log.getvalue().decode()[-1500:]
    secret = re.findall(r"<code>([A-Za-z0-9_-]{43})</code>", made.text)[0]
    assert secret not in admin.get(page).text
    assert secret not in provider.log.getvalue().decode()
    again = admin.post(f"{page}/secret", page, leaked="yes")
    assert again.status_code == 200
    with provider.database.reading() as connection:
        registration = find_registration(connection, client_id)
    assert registration is not None
    assert not registration.metadata.takes_secret(secret, admin.now)


def test_a_system_is_disabled_and_enabled(provider: Provider, admin: Browser) -> None:
    client_id = provider.register().client_id
    page = f"/integrators/clients/{client_id}"
    assert admin.post(f"{page}/disable", page).status_code == 303
    assert "Hoạt động lại" in admin.get(page).text
    assert admin.post(f"{page}/enable", page).status_code == 303
    assert "Tạm ngừng" in admin.get(page).text


def test_without_the_form_token_nothing_changes(provider: Provider, admin: Browser) -> None:
    client_id = provider.register().client_id
    path = f"/integrators/clients/{client_id}/disable"
    assert admin.http.post(path, base_url=BASE, headers={"Referer": BASE}).status_code == 400
    with provider.database.reading() as connection:
        registration = find_registration(connection, client_id)
    assert registration is not None
    assert registration.state == "active"


def test_a_code_of_the_console_registers_a_system_and_ends(provider: Provider, admin: Browser) -> None:
    invited = admin.post("/integrators/invitations", "/integrators", label="Sở MẪU", uses="2")
    token = re.findall(r"iat_[A-Za-z0-9_-]{43}", invited.text)[0]
    made = provider.client.post("/register", json=sound(), headers=bearer(token))
    assert made.status_code == 201, made.text
    listed = admin.get("/integrators").text
    assert "Sở MẪU" in listed
    assert token not in listed
    ended = re.findall(r'action="(/integrators/invitations/[^"]+/end)"', listed)[0]
    assert admin.post(ended, "/integrators").status_code == 303
    assert provider.client.post("/register", json=sound(), headers=bearer(token)).status_code == 401
