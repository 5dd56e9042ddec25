"""A person's browser at the provider, with a session that the store was given directly."""

import re
from typing import Any

from werkzeug.test import TestResponse

from idp.directory.person import OFFICIAL, Person
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.session import Session
from idp.services import Services
from tests.idp.provider import ISSUER, Provider

LAN = Person("5f0c6a1e-0000-4000-8000-000000000001", OFFICIAL, "active", "lan", {"name": "Nguyễn Thị Lan"})
BACK = "https://rp.example.gov.vn/logged-out"
OTHER_BACK = "https://rp.example.gov.vn/out?from=sso"


class Browser:
    """One person's browser at the provider."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.services: Services = provider.app.extensions["idp"]
        self.http = provider.app.test_client()

    def now(self) -> int:
        return int(self.provider.clock().timestamp())

    def log_in(self, *client_ids: str, upstream: str = "") -> Session:
        session, cookie = self.services.sessions.start(
            LAN, acr="LoA2", amr=("pwd", "otp"), upstream=upstream, identity_level="02", device="",
            address="", kiosk=False, now=self.now(),
        )  # fmt: skip
        for client_id in client_ids:
            self.services.sessions.join(session.session_id, client_id, self.now())
        self.http.set_cookie("__Host-sid", cookie, secure=True, domain="localhost")
        return session

    def hint(self, session: Session, client_id: str = "rp", *, typ: str = "JWT", **changes: Any) -> str:
        claims = {
            "iss": ISSUER, "sub": "pairwise", "aud": client_id, "sid": session.session_id,
            "iat": self.now(), "exp": self.now() + 300,
        } | changes  # fmt: skip
        return self.services.token_keys.sign("ES256", claims, typ=typ)

    def get(self, **parameters: str) -> TestResponse:
        return self.http.get("/logout", query_string=parameters, base_url="https://localhost")

    def follow(self, answer: TestResponse) -> TestResponse:
        assert answer.status_code == 303
        return self.http.get(answer.location, base_url="https://localhost")

    def confirm(self, shown: TestResponse) -> TestResponse:
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown.text))
        fields = {name: value.replace("&amp;", "&") for name, value in fields.items()}
        return self.http.post(
            "/logout/confirm",
            data=fields,
            base_url="https://localhost",
            headers={"Referer": "https://localhost/logout"},
        )

    def is_in(self, session: Session) -> bool:
        return not self.services.sessions.has_ended(session.session_id, self.now())


def asked(answer: TestResponse) -> bool:
    """A page that asks; never a redirect."""
    return answer.status_code == 200 and "logout-confirm" in answer.text and "Location" not in answer.headers


def register_relying_parties(provider: Provider) -> Provider:
    """``rp``, which may be returned to, and ``other``."""
    provider.register("rp", metadata=ClientMetadata(post_logout_redirect_uris=(BACK, OTHER_BACK)))
    provider.register("other")
    return provider
