"""A signing service for the tests, on a real key process, devca, Redis and database.

Import the fixtures into a conftest. ``Issuer`` stands where the identity provider's /jwks stands; its
tokens are signed with a key of the test, or, for approvals, with the key process's token key.
"""

import base64
import hashlib
import io
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc import jws
from joserfc.jwk import ECKey

from hsm.client import KeyProcess
from signsvc.app import build_services, create_app
from signsvc.schema.migrate import migrate
from signsvc.services import Services
from signsvc.settings import Settings
from tests.servers.key_process import RunningKeyProcess, activate, client_jws

ISSUER = "http://127.0.0.1:8081"
RESOURCE = "http://127.0.0.1:8082"
SHA256_OID = "2.16.840.1.101.3.4.2.1"


class Issuer:
    """Serves a JWK set; ``fetched`` counts how often."""

    def __init__(self, key_process_target: str) -> None:
        self.key = ECKey.generate_key("P-256")
        self._key_process = KeyProcess(key_process_target)
        self.fetched = 0
        self.away = False
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetched += 1
                if issuer.away:
                    self.send_error(503)
                    return
                body = json.dumps({"keys": issuer.jwks()}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks"

    def jwks(self) -> list[dict[str, Any]]:
        own = {**self.key.as_dict(private=False), "kid": "test-1", "alg": "ES256", "use": "sig"}
        return [own, *(key.jwk for key in self._key_process.token_keys())]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._key_process.close()

    def claims(self, client_id: str = "motcua", **changes: Any) -> dict[str, Any]:
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": ISSUER,
            "sub": client_id,
            "client_id": client_id,
            "aud": RESOURCE,
            "iat": now,
            "exp": now + 300,
            "jti": base64.urlsafe_b64encode(hashlib.sha256(repr((now, changes)).encode()).digest()).decode(),
            "scope": "sign",
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def token(
        self, client_id: str = "motcua", *, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """A token signed with the test's own key."""
        head = {"alg": "ES256", "kid": "test-1", "typ": "at+jwt"} | (header or {})
        payload = json.dumps(self.claims(client_id, **changes)).encode()
        return jws.serialize_compact(head, payload, self.key, algorithms=["ES256"])

    def approval_token(
        self, credential_id: str, content: bytes, client_id: str = "motcua", jti: str = "", **changes: Any
    ) -> str:
        """A token that approves this file, signed by the key process as for the identity provider."""
        key = next(key for key in self._key_process.token_keys() if key.current and key.alg == "ES256")
        details = {
            "type": "antin_sign",
            "credentialID": credential_id,
            "documentDigests": [
                {"hash": base64.b64encode(hashlib.sha256(content).digest()).decode(), "label": "MẪU"}
            ],
            "hashAlgorithmOID": SHA256_OID,
        }
        claims = self.claims(
            client_id, authorization_details=[details], jti=jti or secrets.token_hex(16), **changes
        )
        segments = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
            for part in ({"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}, claims)
        ]
        signing_input = b".".join(segments)
        value = self._key_process.sign_token(key.kid, signing_input)
        return (signing_input + b"." + base64.urlsafe_b64encode(value).rstrip(b"=")).decode()


class WholeAnswers(FlaskClient):
    """Reads and closes each answer, as a server does."""

    def open(self, *arguments: Any, **options: Any) -> Any:
        return super().open(*arguments, **({"buffered": True} | options))


@dataclass
class Enrolled:
    """A client with its approval key and credentials in the shared key process."""

    client_id: str
    key: ECKey
    seal: str
    service_seal: str
    organisation_seal: str


@dataclass
class Service:
    """One app with its settings; ``client`` is Flask's test client."""

    settings: Settings
    services: Services
    client: FlaskClient
    issuer: Issuer
    enrolled: Enrolled
    log: io.BytesIO = field(default_factory=io.BytesIO)

    def headers(self, client_id: str = "motcua", **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token(client_id)}", **more}

    def upload(self, content: bytes, name: str = "quyết định.pdf", **headers: str) -> Any:
        return self.client.post(
            "/v1/documents",
            query_string={"name": name},
            data=content,
            content_type="application/pdf",
            headers=self.headers(**headers),
        )

    def prepare(self, document_id: str, **wishes: Any) -> Any:
        body = {"document_id": document_id, "credential_id": self.enrolled.seal, "level": "B-B"} | wishes
        return self.client.post("/v1/signatures", json=body, headers=self.headers())

    def complete(self, prepared: dict[str, Any], **headers: str) -> Any:
        approval = client_jws(prepared["act"].encode(), self.enrolled.key)
        return self.client.post(
            f"/v1/signatures/{prepared['id']}/complete",
            json={"approval": {"kind": approval.kind, "evidence": approval.evidence}},
            headers=self.headers(**headers),
        )

    def intents(self) -> int:
        """How many signatures with this client's credentials the journal knows of."""
        found, start = 0, 0
        while True:
            page = self.client.get("/v1/journal/entries", query_string={"start": start}).text.splitlines()
            for line in page:
                entry = json.loads(base64.b64decode(json.loads(line)["entry"]))
                own = entry.get("credential") in (self.enrolled.seal, self.enrolled.service_seal)
                found += entry["type"] == "intent" and own
            if not page:
                return found
            start += len(page)

    def signed(self, content: bytes, **wishes: Any) -> dict[str, Any]:
        """Upload, prepare, complete; the answer of the last."""
        uploaded = self.upload(content)
        assert uploaded.status_code == 201, uploaded.text
        prepared = self.prepare(uploaded.json["id"], **wishes)
        assert prepared.status_code == 201, prepared.text
        done = self.complete(prepared.json)
        assert done.status_code == 200, done.text
        answer: dict[str, Any] = done.json
        return answer


def enrol(key_process: RunningKeyProcess, devca: Any, client_id: str) -> Enrolled:
    """Three certified credentials and a registered approval key; no clerk has the organisation's seal yet."""
    key = key_process.register_client(client_id)
    seal = activate(
        key_process,
        key_process.create_credential("service-seal", client_id),
        devca,
        "service-seal",
    )
    service_seal = activate(
        key_process, key_process.create_credential("service-seal", client_id), devca, "service-seal"
    )
    organisation_seal = activate(
        key_process,
        key_process.create_credential("organisation-seal", client_id),
        devca,
        "organisation-seal",
    )
    return Enrolled(client_id, key, seal, service_seal, organisation_seal)


def make_settings(
    tmp_path: Path, issuer: Issuer, key_process: RunningKeyProcess, devca: Any, **changes: Any
) -> Settings:
    """Settings for one service of a test."""
    anchors = tmp_path / "anchors.pem"
    anchors.write_text(devca.root_pem)
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "resource": RESOURCE,
        "jwks_url": issuer.url,
        "key_process": key_process.signsvc,
        "database_url": f"sqlite:///{tmp_path}/signsvc.sqlite3",
        "documents_dir": tmp_path / "documents",
        "tsa_urls": (devca.tsa_url,),
        "status_urls": (devca.base_url,),
        "trust_anchors": anchors,
        "inspectors": 1,
        "validators": 1,
    }
    return Settings(**(values | changes))


@pytest.fixture(scope="session")
def enrolled(key_process: RunningKeyProcess, devca: Any) -> Enrolled:
    """The client "motcua"; the token key that approvals need is made here too."""
    token_key = key_process.perform(
        "create_credential",
        {"profile": "oidc-token", "holder": "idp", "description": "MẪU", "training": True},
    )
    key_process.perform("activate_credential", {"credential_id": token_key["credential_id"]})
    return enrol(key_process, devca, "motcua")


@pytest.fixture(scope="session")
def issuer(key_process: RunningKeyProcess, enrolled: Enrolled) -> Iterator[Issuer]:
    made = Issuer(key_process.idp)
    yield made
    made.close()


@contextmanager
def run_service(
    tmp_path: Path,
    issuer: Issuer,
    enrolled: Enrolled,
    key_process: RunningKeyProcess,
    devca: Any,
    **settings_of_its_own: Any,
) -> Iterator[Service]:
    """A fresh service: its own database and documents."""
    settings = make_settings(tmp_path, issuer, key_process, devca, **settings_of_its_own)
    migrate(settings.database_url)
    services = build_services(settings)
    log = io.BytesIO()
    app = create_app(settings, services=services, log=log)
    app.test_client_class = WholeAnswers
    try:
        yield Service(settings, services, app.test_client(), issuer, enrolled, log)
    finally:
        services.close()


@pytest.fixture
def service(
    tmp_path: Path,
    issuer: Issuer,
    enrolled: Enrolled,
    key_process: RunningKeyProcess,
    devca: Any,
    redis_url: str,
) -> Iterator[Service]:
    """What most tests use."""
    with run_service(
        tmp_path, issuer, enrolled, key_process, devca, redis_url=f"redis+{redis_url}"
    ) as running:
        yield running
