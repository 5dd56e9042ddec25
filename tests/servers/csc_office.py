"""A document system that nobody here wrote, a person with a key and a passkey, and how both are driven."""

import base64
import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from antin.software_passkey import SoftwarePasskey
from cryptography.hazmat.primitives import serialization
from joserfc.jwk import ECKey

from idp.app import create_app
from idp.directory.person import CITIZEN, Person
from idp.login.hashing import Hashing
from idp.login.password_rules import normal_password
from idp.protocol.client_metadata import ClientMetadata
from idp.register_clients import new_registration, read_jwks
from idp.services import Services
from idp.settings import Settings
from idp.store.clients import save_registration
from tests.conformance.oidc.browser import Browser, Callback, Page
from tests.conformance.oidc.relying_party import s256
from tests.servers.key_process import activate
from tests.servers.stack import Stack

CALLBACK = "https://van-ban.example.gov.vn/csc"
PASSWORD = "mưa rơi trên mái ngói cũ"
SHA256 = "2.16.840.1.101.3.4.2.1"
ES256 = "1.2.840.10045.4.3.2"
FAR = 4_000_000_000


@dataclass
class Office:
    """A document system that nobody here wrote, and an official with a key and a passkey."""

    stack: Stack
    client_id: str
    secret: str
    username: str
    credential_id: str
    passkey: SoftwarePasskey

    def authorization(self, **params: str) -> str:
        self.verifier = secrets.token_urlsafe(48)
        sent = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": CALLBACK, "state": "x",
            "code_challenge": s256(self.verifier), "code_challenge_method": "S256", **params,
        }  # fmt: skip
        return f"{self.stack.issuer}/oauth2/authorize?{urlencode(sent)}"

    def to_sign(self, *documents: str) -> str:
        listed = [base64.urlsafe_b64encode(digest(one)).rstrip(b"=").decode() for one in documents]
        return self.authorization(
            scope="credential", credentialID=self.credential_id, numSignatures=str(len(listed)),
            hashes=",".join(listed), hashAlgorithmOID=SHA256, description="Quyết định số 12 MẪU",
        )  # fmt: skip

    def token(self, code: str) -> dict[str, Any]:
        answer = httpx.post(
            f"{self.stack.issuer}/oauth2/token",
            data={
                "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK,
                "code_verifier": self.verifier,
            },
            auth=(self.client_id, self.secret), timeout=20, trust_env=False,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def call(self, method: str, bearer: str, version: str = "v1", **members: Any) -> httpx.Response:
        return httpx.post(
            f"{self.stack.base_url}/csc/{version}/{method}", json=members,
            headers={"Authorization": f"Bearer {bearer}"}, timeout=20, trust_env=False,
        )  # fmt: skip

    def browser(self) -> Browser:
        """A person's browser, before anything."""
        return Browser(True, lambda url: not url.startswith((self.stack.issuer, self.stack.approval_url)))

    def walk(self, browser: Browser, at: Page | Callback) -> Page | Callback:
        """Password and consent, until the approval page or the system is reached."""
        while isinstance(at, Page):
            password, consent = at.form_with("password"), at.form_with_button("consent-submit")
            if consent is not None:
                at = browser.submit(at, *consent)
            elif password is not None:
                button = password.button("login-submit")
                at = browser.submit(at, password, button, username=self.username, password=PASSWORD)
            else:
                return at
        return at


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@pytest.fixture
def office(stack: Stack) -> Iterator[Office]:
    """Each test its own: a browser and a file that hold one passkey count apart, and that suspends it."""
    services = _services(stack)
    now = int(time.time())
    person_id, username = str(uuid.uuid4()), f"mau.{secrets.token_hex(6)}"
    services.people.save(Person(person_id, CITIZEN, "active", username, {"name": "Lan MẪU"}), now)
    stored = Hashing(threads=1, waiting=8).hash(normal_password(PASSWORD))
    services.factors.replace_password(person_id, stored, now, initial=False)
    # The key process knows people by the sub that everybody may know.
    signer = services.subjects.public_sub(person_id)
    key_process = stack.key_process
    key_process.perform("register_person", {"person_id": signer})
    passkey = SoftwarePasskey.new("localhost", stack.approval_url, counter=0)
    passkey.origin, enrolled_at = key_process.origin, stack.approval_url
    key_process.enrol_passkey(signer, passkey)
    created = key_process.perform(
        "create_credential",
        {
            "profile": "personal", "holder": signer, "description": "Khóa ký MẪU", "training": True,
            "subject": {"CN": "MẪU - Nguyễn Thị Lan", "O": "Cơ quan MẪU", "C": "VN"},
        },
        passkey,
    )  # fmt: skip
    credential_id = activate(key_process, created, stack.devca, "personal")
    passkey.origin = enrolled_at
    client_id, secret = f"van-ban-{secrets.token_hex(4)}", secrets.token_urlsafe(32)
    metadata = ClientMetadata(
        profile="baseline", profile_until=FAR, redirect_uris=(CALLBACK,), subject_type="public",
        grant_types=("authorization_code", "client_credentials"), secret_expires_at=FAR,
        token_endpoint_auth_method="client_secret_basic",
        secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
    )  # fmt: skip
    jwk = ECKey.generate_key("P-256").as_dict(private=False)
    registration = new_registration(
        client_id, name="Văn bản điện tử MẪU", contact="mau@example.gov.vn", token_algorithm="ES256",
        scopes=("service", "credential"), resources=(stack.base_url,), credential_ids=(), introspects=(),
        jwks=read_jwks(json.dumps({**jwk, "kid": "k"})), metadata=metadata,
    )  # fmt: skip
    with services.database.writing() as connection:
        save_registration(connection, registration, now)
    yield Office(stack, client_id, secret, username, credential_id, passkey)
    services.database.close()


def _services(stack: Stack) -> Services:
    names = ("IDP_ISSUER", "IDP_DATABASE_URL", "IDP_REDIS_URL", "IDP_KEY_PROCESS")
    values = {name.removeprefix("IDP_").lower(): stack.environment[name] for name in names}
    services: Services = create_app(Settings(**values)).extensions["idp"]  # type: ignore[arg-type]
    return services


def arrived(at: Page | Callback) -> Callback:
    assert isinstance(at, Callback), f"{at.url}\n{at.text[-2000:]}"
    return at


def authenticator(context: Any, page: Any, office: Office) -> None:
    """The enrolled passkey, put into the browser's own authenticator."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip
    key = office.passkey.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    session.send(
        "WebAuthn.addCredential",
        {
            "authenticatorId": made["authenticatorId"],
            "credential": {
                "credentialId": base64.b64encode(office.passkey.credential_id).decode(),
                "isResidentCredential": True, "rpId": "localhost",
                "privateKey": base64.b64encode(key).decode(),
                "userHandle": base64.b64encode(b"mau").decode(), "signCount": office.passkey.counter,
            },
        },
    )  # fmt: skip
