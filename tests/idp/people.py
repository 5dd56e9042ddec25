"""People of a provider under test, and what they type."""

import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pyotp
from werkzeug.test import Client, TestResponse

from idp.directory.person import Mandate, Person
from idp.login.hashing import Hashing
from idp.login.password_rules import normal_password
from tests.idp.provider import Provider

PASSWORD = "mưa rơi trên mái ngói cũ"
_hashing = Hashing(threads=1, waiting=8)
_HASH = _hashing.hash(normal_password(PASSWORD))


@dataclass
class Enrolled:
    """A person with a password and, unless told otherwise, an authenticator app."""

    person: Person
    totp_secret: str = ""
    password: str = PASSWORD
    codes: list[str] = field(default_factory=list)

    @property
    def person_id(self) -> str:
        return self.person.person_id

    @property
    def username(self) -> str:
        return self.person.username

    def otp(self, provider: Provider, steps: int = 0) -> str:
        return pyotp.TOTP(self.totp_secret).at(int(provider.clock().timestamp()) + 30 * steps)


def enrol(
    provider: Provider,
    username: str = "",
    *,
    name: str = "Nguyễn Thị Lan MẪU",
    kind: str = "official",
    roles: tuple[str, ...] = (),
    totp: bool = True,
    password: bool = True,
    initial: bool = False,
    number: str = "",
    mandates: tuple[Mandate, ...] = (),
) -> Enrolled:
    """A person of the provider's directory."""
    services = provider.app.extensions["idp"]
    now = int(provider.clock().timestamp())
    person = services.people.save(
        Person(
            str(uuid.uuid4()),
            kind,
            "active",
            username or f"mau.{uuid.uuid4().hex[:8]}",
            {"name": name},
            personal_number=number,
            mandates=mandates,
            roles=roles,
        ),
        now,
    )
    enrolled = Enrolled(person)
    if password:
        services.factors.replace_password(person.person_id, _HASH, now, initial=initial)
    if totp:
        enrolled.totp_secret = pyotp.random_base32(32)
        services.factors.add(person.person_id, "totp", secret=enrolled.totp_secret, now=now)
    return enrolled


def form_token(answer: TestResponse) -> str:
    """The form token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert found, answer.text
    return found.group(1)


class Browser:
    """A person's browser over the provider's test client, of its own cookies."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.client: Client = provider.app.test_client()
        self.base = provider.settings.issuer
        self.page: TestResponse | None = None
        self.path = ""

    def get(self, path: str, **options: Any) -> TestResponse:
        """Follows redirects that stay here."""
        return self._follow(self.client.get(path, base_url=self.base, **options), path)

    def post(self, path: str, **fields: str) -> TestResponse:
        """Sends a form of the present page."""
        assert self.page is not None
        data = {"csrf_token": form_token(self.page), **fields}
        return self._follow(self.client.post(path, base_url=self.base, data=data), path)

    def login(self, person: Enrolled, path: str = "/account", *, steps: int = 0) -> TestResponse:
        """By password and one-time password, to ``path``."""
        self.get(path)
        self.post(f"{self.path}/password", username=person.username, password=person.password)
        if person.totp_secret and "/login/" in self.path:
            self.post(f"{self.path}/totp", otp=person.otp(self.provider, steps))
        assert self.page is not None
        return self.page

    def step_up(self, person: Enrolled, *, acr: str, amr: tuple[str, ...]) -> None:
        """The one session of this person rests on more from now on, as after a step-up here."""
        sessions, now = self.provider.app.extensions["idp"].sessions, int(self.provider.clock().timestamp())
        [session] = sessions.of_person(person.person_id, now)
        _, cookie = sessions.step_up(session.session_id, acr=acr, amr=amr, now=now)
        host = urlsplit(self.base).hostname or ""
        self.client.set_cookie("__Host-sid", cookie, domain=host, secure=True, path="/")

    def _follow(self, answer: TestResponse, path: str) -> TestResponse:
        for _ in range(8):
            location = answer.headers.get("Location", "")
            if answer.status_code not in (302, 303) or not location.startswith(("/", self.base)):
                break
            path = location.removeprefix(self.base)
            answer = self.client.get(path, base_url=self.base)
        self.page = answer
        # A refused form is shown under its own address; its page is one above.
        self.path = re.sub(r"^(/login/[\w-]+)/.*", r"\1", path)
        return answer
