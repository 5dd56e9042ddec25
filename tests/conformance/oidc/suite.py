"""The suite's bench: a served provider over TLS, people who log in, and clients as the plans want them."""

import base64
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyotp
import redis
from joserfc.jwk import ECKey

from idp.app import create_app
from idp.directory.person import CITIZEN, Person
from idp.login.hashing import Hashing
from idp.login.password_rules import normal_password
from idp.outbound.client_keys import AGAIN_SECONDS
from idp.protocol.client_metadata import ClientMetadata
from idp.register_clients import new_registration, read_jwks
from idp.services import Services
from idp.settings import Settings
from idp.store.clients import save_registration
from idp.store.initial_access_tokens import issue_initial_access
from idp.store.pushed import PREFIX, _key
from tests.conformance.oidc.browser import Browser, Callback, Page
from tests.conformance.oidc.checks import check_id_token, check_token_answer
from tests.conformance.oidc.listener import Listener
from tests.conformance.oidc.relying_party import Key, Provider, RelyingParty
from tests.servers.key_process import ROOT, RunningKeyProcess
from tests.servers.stack import free_port
from tests.servers.tls_front import TlsFront, listen

STARTS_WITHIN = 60.0
REDIRECT_URI = "https://rp.example.gov.vn/cb"
PASSWORD = "mưa rơi trên mái ngói cũ"
SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")
FAR = 4_000_000_000
CLAIMS = {
    "name": "Nguyễn Thị Lan MẪU", "given_name": "Lan", "family_name": "Nguyễn", "gender": "female",
    "birthdate": "1990-02-28", "locale": "vi-VN", "updated_at": 1_760_000_000, "email": "lan.mau@example.com",
    "email_verified": True, "phone_number": "+84901234567", "phone_number_verified": True,
    "address": {"formatted": "Số 1, đường MẪU, phường MẪU"},
}  # fmt: skip
SCOPE_CLAIMS = {
    "profile": {"name", "given_name", "family_name", "gender", "birthdate", "locale", "updated_at"},
    "email": {"email", "email_verified"},
    "phone": {"phone_number", "phone_number_verified"},
    "address": {"address"},
}


@dataclass
class Someone:
    """A person with a password, and an authenticator app for when more is asked."""

    person_id: str
    username: str
    totp: pyotp.TOTP


@dataclass
class Complete:
    """What a whole flow gave."""

    claims: dict[str, Any]
    id_token: str
    access_token: str
    refresh_token: str
    token_type: str
    scope: str


class Suite:
    """One provider for all modules: key process, PostgreSQL or SQLite, Redis, web and worker."""

    def __init__(self, folder: Path, redis_url: str, devca: Any, **environment: str) -> None:
        port = free_port()
        self._listener = listen()
        issuer = f"https://localhost:{self._listener.getsockname()[1]}"
        anchors = folder / "anchors.pem"
        anchors.write_text(devca.root_pem)
        self.key_process = RunningKeyProcess(folder / "hsm", anchors=anchors, issuer=issuer)
        self.key_process.start()
        self.rotate_token_keys()
        self.rotate_token_keys("oidc-token-rs256")
        self._redis = redis.Redis.from_url(redis_url)
        self.listener = Listener(folder / "listener")
        self.front = TlsFront(folder / "front", self._listener, port)
        assert self.front.url == issuer
        # No caches: the modules change clients while they run. ``environment`` has the last word.
        environment = {
            "IDP_ISSUER": issuer, "IDP_PORT": str(port), "IDP_WORKERS": "1", "IDP_REDIS_URL": redis_url,
            "IDP_DATABASE_URL": f"sqlite:///{folder}/idp.sqlite3", "IDP_KEY_PROCESS": self.key_process.idp,
            "IDP_COOKIE_KEYS_FILE": f"{folder}/cookie-keys",
            "IDP_DIRECTORY_KEYS_FILE": f"{folder}/directory-keys", "IDP_CLIENT_CACHE_SECONDS": "0",
            "IDP_TOKEN_KEY_CACHE_SECONDS": "1", "IDP_OUTBOUND_CA_FILE": str(self.listener.certificate),
            **environment,
        }  # fmt: skip
        self._environment = {**os.environ, **environment}
        self._python("migrate")
        with (folder / "idp.log").open("ab") as log:
            self.processes = [
                subprocess.Popen(
                    ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "idp", command],
                    cwd=ROOT, env=self._environment, stdout=log, stderr=log,
                )
                for command in ("serve", "worker")
            ]  # fmt: skip
        self._log = folder / "idp.log"
        self._app = create_app(_settings(environment))
        self.services: Services = self._app.extensions["idp"]
        self.op = Provider(issuer, httpx.Client(verify=self.front.trust, timeout=20))
        self._wait()
        self.op.discover()
        self._hash = Hashing(threads=1, waiting=8).hash(normal_password(PASSWORD))
        self._people: dict[int, Someone] = {}
        self._browsers: list[Browser] = []

    def close(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(30)
        self.op.http.close()
        self.front.close()
        self.listener.close()
        self.key_process.stop()

    # ---- clients and people

    def register(
        self,
        profile: str,
        *,
        auth: str = "",
        key: Key | None = None,
        scopes: tuple[str, ...] = (),
        resources: tuple[str, ...] = (),
        introspects: tuple[str, ...] = (),
        **metadata: Any,
    ) -> RelyingParty:
        """As an administrator registers it: ``fapi2`` or ``baseline``. ``scopes``: besides the usual ones."""
        fapi = profile == "fapi2"
        auth = auth or "private_key_jwt"
        party = RelyingParty(
            self.op, f"rp-{secrets.token_hex(6)}", REDIRECT_URI, auth=auth, pushes=fapi, pkce=fapi,
            key=key or ECKey.generate_key("P-256"), dpop=ECKey.generate_key("P-256") if fapi else None,
        )  # fmt: skip
        secret = {} if auth == "private_key_jwt" else self._secret(party)
        values = {
            "profile": profile, "profile_until": 0 if fapi else FAR, "redirect_uris": (REDIRECT_URI,),
            "grant_types": ("authorization_code", "refresh_token"), "token_endpoint_auth_method": auth,
            "dpop_bound_access_tokens": fapi, **secret, **metadata,
        }  # fmt: skip
        registration = new_registration(
            party.client_id, name="Hệ thống MẪU", contact="mau@example.gov.vn", token_algorithm="ES256",
            scopes=(*SCOPES, *scopes), resources=resources, credential_ids=(), introspects=introspects,
            jwks=read_jwks(json.dumps(party.jwks())), metadata=ClientMetadata(**values),
        )  # fmt: skip
        with self.services.database.writing() as connection:
            save_registration(connection, registration, int(time.time()))
        return party

    def browser(self) -> Browser:
        """A browser of a person of its own."""
        browser = Browser(self.front.trust, lambda url: not url.startswith(self.op.issuer))
        self._people[id(browser)] = self.person()
        self._browsers.append(browser)
        return browser

    def close_browsers(self) -> None:
        """After each test: whoever logged in is gone."""
        for browser in self._browsers:
            browser.http.close()
        self._browsers.clear()
        self._people.clear()

    def person(self) -> Someone:
        now = int(time.time())
        someone = Someone(
            str(uuid.uuid4()), f"mau.{secrets.token_hex(6)}", pyotp.TOTP(pyotp.random_base32(32))
        )
        self.services.people.save(
            Person(someone.person_id, CITIZEN, "active", someone.username, CLAIMS, identity_level="02"), now
        )
        self.services.factors.replace_password(someone.person_id, self._hash, now, initial=False)
        self.services.factors.add(someone.person_id, "totp", secret=someone.totp.secret, now=now)
        return someone

    # ---- flows

    def walk(self, browser: Browser, at: Page | Callback, *, reject: bool = False) -> Page | Callback:
        """Do what a person does on each page, until the relying party is reached or nothing is left to do."""
        someone = self._people[id(browser)]
        for _ in range(8):
            if isinstance(at, Callback):
                return at
            password, otp = at.form_with("password"), at.form_with("otp")
            consent = at.form_with_button("consent-reject" if reject else "consent-submit")
            if consent is not None:
                at = browser.submit(at, *consent)
            elif password is not None:
                button = password.button("login-submit")
                at = browser.submit(at, password, button, username=someone.username, password=PASSWORD)
            elif otp is not None:
                at = browser.submit(at, otp, otp.button("login-submit"), otp=someone.totp.now())
            else:
                return at
        raise AssertionError(f"this never ends: {at.url}")

    def arrive(self, at: Page | Callback) -> Callback:
        assert isinstance(at, Callback), f"stopped at {at.status} {at.url}\n{at.text[-3000:]}"
        return at

    def log_in(self, browser: Browser, party: RelyingParty, **params: Any) -> Callback:
        """From the relying party's link to its callback, with a code."""
        back = self.arrive(self.walk(browser, browser.open(party.authorization_url(**params))))
        assert "error" not in back.params, back.params
        return back

    def redeem(
        self, party: RelyingParty, back: Callback, *, algorithm: str = "ES256", code: str = ""
    ) -> Complete:
        """Check the callback, exchange the code, check what comes."""
        if not code:
            assert back.params.get("state") == party.sent.get("state")
            assert back.params["iss"] == self.op.issuer
        redirect_uri = party.sent.get("redirect_uri", party.redirect_uri)
        body = check_token_answer(party.exchange(code or back.params["code"], redirect_uri=redirect_uri))
        claims = check_id_token(
            body["id_token"], self.op.keys(), issuer=self.op.issuer, client_id=party.client_id,
            algorithm=algorithm, nonce=party.sent.get("nonce"), access_token=body["access_token"],
        )  # fmt: skip
        return Complete(
            claims, body["id_token"], body["access_token"], body.get("refresh_token", ""), body["token_type"],
            body.get("scope", party.sent["scope"]),
        )  # fmt: skip

    def complete(
        self, browser: Browser, party: RelyingParty, *, algorithm: str = "ES256", **params: Any
    ) -> Complete:
        return self.redeem(party, self.log_in(browser, party, **params), algorithm=algorithm)

    def follow_logout(self, browser: Browser, at: Page | Callback) -> Page | Callback:
        """A logged-out page may link back to the relying party instead of redirecting."""
        if isinstance(at, Page):
            for href, _ in at.links:
                if not href.startswith((self.op.issuer, "/", "#", "?")) and "://" in href:
                    return browser.open(href)
        return at

    def peek(self, token: str) -> dict[str, Any]:
        """Claims, unverified."""
        payload = token.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return claims

    # ---- what time, operators and administrators do

    def rotate_token_keys(self, profile: str = "oidc-token") -> None:
        made = self.key_process.perform(
            "create_credential",
            {"profile": profile, "holder": "idp", "description": "Khóa ký token MẪU", "training": True},
        )
        self.key_process.perform("activate_credential", {"credential_id": made["credential_id"]})
        time.sleep(0 if not hasattr(self, "op") else 1.5)  # the provider asks for keys once a second here

    def forget_pushed(self, request_uri: str) -> None:
        assert request_uri.startswith(PREFIX)
        self._redis.delete(_key(request_uri))

    def initial_access_token(self) -> str:
        now = int(time.time())
        with self.services.database.writing() as connection:
            _, token = issue_initial_access(
                connection, label="bộ kiểm thử", issued_by="quan-tri", expires_at=now + 3600, uses=50,
                profile="baseline", profile_until=FAR, agency="", scopes=SCOPES, now=now,
            )  # fmt: skip
        return token

    def pass_time_for_jwks(self) -> None:
        """Until an unknown kid has the provider ask for the keys again (the suite waits a minute)."""
        time.sleep(AGAIN_SECONDS + 0.5)

    def _secret(self, party: RelyingParty) -> Mapping[str, Any]:
        party.secret = secrets.token_urlsafe(32)
        return {"secret_hash": hashlib.sha256(party.secret.encode()).hexdigest(), "secret_expires_at": FAR}

    def _python(self, *command: str) -> None:
        subprocess.run([sys.executable, "-m", "idp", *command], cwd=ROOT, env=self._environment, check=True)

    def _wait(self) -> None:
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                if self.op.http.get(f"{self.op.issuer}/readyz").status_code == 200:
                    return
            except (httpx.HTTPError, OSError):
                pass
            if time.monotonic() > until:
                raise AssertionError("the provider did not start:\n" + self._log.read_text()[-4000:])
            time.sleep(0.1)


def _settings(environment: Mapping[str, str]) -> Settings:
    """The same settings as the served one's, in this process."""
    values = {name.removeprefix("IDP_").lower(): value for name, value in environment.items()}
    return Settings(**values)  # type: ignore[arg-type]  # pydantic reads text
