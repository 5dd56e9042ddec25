"""A relying party, and the browser of a person who logs in to it."""

import base64
import hashlib
import secrets
import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
from joserfc.jwk import Key
from werkzeug.test import TestResponse

from idp.directory.person import CITIZEN, Person
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.session import Session
from idp.services import Services
from idp.store.clients import change_state
from tests.conformance.oidc.browser import Browser, Callback, Page
from tests.idp.people import Enrolled
from tests.idp.provider import ISSUER, Provider, System

REDIRECT_URI = "https://one-stop.example.gov.vn/callback"
GRANTS = ("authorization_code", "refresh_token")
SCOPES = ("openid", "profile", "email", "offline_access", "mandate", "sign")
FAR = 4_000_000_000

FAPI2 = ClientMetadata(
    redirect_uris=(REDIRECT_URI,), grant_types=GRANTS, client_uri="https://one-stop.example.gov.vn/"
)
BASELINE = replace(FAPI2, profile="baseline", profile_until=FAR)
FIRST_PARTY = replace(BASELINE, first_party=True)


class RelyingParty:
    """``verifier``: of PKCE, the same for every request it makes."""

    def __init__(self, provider: Provider, metadata: ClientMetadata = BASELINE, **registration: Any) -> None:
        self.provider = provider
        self.system: System = provider.register(**{"scopes": SCOPES, "metadata": metadata, **registration})
        self.client_id = self.system.client_id
        self.redirect_uri = (metadata.redirect_uris or (REDIRECT_URI,))[0]
        self.verifier = secrets.token_urlsafe(32)

    def parameters(self, **changes: Any) -> dict[str, str]:
        """A sound request with changes; None takes a parameter away."""
        sound = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid",
            "state": "state-of-" + self.client_id,
            "nonce": "nonce-of-" + self.client_id,
            "code_challenge": s256(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: str(value) for name, value in (sound | changes).items() if value is not None}

    def address(self, **changes: Any) -> str:
        """The authorization request as an address."""
        return f"{self.provider.settings.issuer}/authorize?{urlencode(self.parameters(**changes))}"

    def push(self, *, proof: str = "", **changes: Any) -> TestResponse:
        """``proof``: a DPoP header."""
        form = self.system.form(**self.parameters(**changes))
        return self.provider.client.post("/par", data=form, headers={"DPoP": proof} if proof else {})

    def pushed_address(self, **changes: Any) -> str:
        """Push, and the address that is left for the browser."""
        answer = self.push(**changes)
        assert answer.status_code == 201, answer.text
        return self.address_of(answer.json["request_uri"])

    def address_of(self, request_uri: str) -> str:
        sent = urlencode({"client_id": self.client_id, "request_uri": request_uri})
        return f"{self.provider.settings.issuer}/authorize?{sent}"

    def disable(self) -> None:
        """An administrator's act, in the middle of everything."""
        with self.provider.database.writing() as connection:
            now = int(self.provider.clock().timestamp())
            assert change_state(connection, self.client_id, "disabled", now)

    def request_object(
        self, *, header: dict[str, Any] | None = None, key: Key | None = None, **changes: Any
    ) -> str:
        """A signed request object (RFC 9101) with changes; None takes a claim away."""
        now = int(self.provider.clock().timestamp())
        times = {"iss": self.client_id, "aud": self.provider.settings.issuer, "nbf": now, "exp": now + 300}
        claims = {n: v for n, v in (self.parameters() | times | changes).items() if v is not None}
        typ = {"typ": "oauth-authz-req+jwt"}
        return self.system.sign(orjson.dumps(claims), header=typ | (header or {}), key=key)


def s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def services_of(provider: Provider) -> Services:
    services: Services = provider.app.extensions["idp"]
    return services


def open_browser(provider: Provider) -> Browser:
    """A browser that speaks to the app itself. What is not the issuer's address is a relying party's."""
    browser = Browser(True, lambda url: not url.startswith(provider.settings.issuer))
    browser.http.close()
    browser.http = httpx.Client(transport=httpx.WSGITransport(app=provider.app), follow_redirects=False)
    return browser


def new_person(provider: Provider, **changes: Any) -> Person:
    person = Person(
        person_id=str(uuid.uuid4()),
        kind=CITIZEN,
        state="active",
        username=f"mau-{secrets.token_hex(4)}",
        claims={"name": "Nguyễn Văn Mẫu", "email": "mau@example.gov.vn", "email_verified": True},
    )
    now = int(provider.clock().timestamp())
    return services_of(provider).people.save(replace(person, **changes), now)


def log_in(
    provider: Provider,
    browser: Browser,
    person: Person,
    *,
    acr: str = "LoA1",
    amr: tuple[str, ...] = ("pwd",),
) -> Session:
    """As the login pages do when the person has proved enough: a session, and its cookie in this browser."""
    session, cookie = services_of(provider).sessions.start(
        person,
        acr=acr,
        amr=amr,
        upstream="",
        identity_level="02",
        device="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        address="192.0.2.7",
        kiosk=False,
        now=int(provider.clock().timestamp()),
    )
    https = provider.settings.issuer.startswith("https:")
    host = httpx.URL(provider.settings.issuer).host
    browser.http.cookies.set("__Host-sid" if https else "sid", cookie, domain=host, path="/")
    return session


def journey_of(page: Page) -> str:
    """The journey that a login or consent page belongs to."""
    return page.url.split("?")[0].removeprefix(ISSUER).split("/")[2]


def allow(browser: Browser, page: Page | Callback) -> Page | Callback:
    """Press the button of the consent page."""
    return press(browser, page, "consent-submit")


def press(browser: Browser, page: Page | Callback, css_class: str, **changes: str) -> Page | Callback:
    assert isinstance(page, Page), page
    found = page.form_with_button(css_class)
    assert found is not None, page.text
    return browser.submit(page, *found, **changes)


def type_in(provider: Provider, browser: Browser, page: Page | Callback, person: Enrolled) -> Page | Callback:
    """Go through the login pages as this person would: the password, then the one-time password."""
    assert isinstance(page, Page), page
    for field, typed in (
        ("password", {"username": person.username, "password": person.password}),
        ("otp", {"otp": person.otp(provider)} if person.totp_secret else {}),
    ):
        form = page.form_with(field)
        if form is None or not typed:
            continue
        button = form.button("login-submit")
        answer = browser.submit(page, form, button, **typed)
        if isinstance(answer, Callback):
            return answer
        page = answer
    return page
