"""A real signing service, and how the CSC's methods are called on it."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.servers.key_process import RunningKeyProcess, activate, client_jws
from tests.servers.people import Enrolled as Person
from tests.servers.people import enrol_person
from tests.servers.plain_pdf import make_pdf
from tests.servers.signsvc import Service, enrolled, issuer, service

__all__ = ["enrolled", "issuer", "service"]

ES256 = "1.2.840.10045.4.3.2"
SHA256 = "2.16.840.1.101.3.4.2.1"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def hashed(text: str) -> str:
    """A hash as the wire has it."""
    return b64(hashlib.sha256(text.encode()).digest())


@dataclass
class Csc:
    """Calls as ``client_id``; ``version`` is v1 or v2."""

    service: Service
    client_id: str = "motcua"

    def call(self, method: str, version: str = "v2", token: str = "", **members: Any) -> Any:
        token = token or self.service.issuer.token(self.client_id, scope="service sign")
        return self.service.client.post(
            f"/csc/{version}/{method}", json=members, headers={"Authorization": f"Bearer {token}"}
        )

    @property
    def seal(self) -> str:
        return self.service.enrolled.seal

    def challenge(self, hashes: list[str], credential_id: str = "", **members: Any) -> str:
        answer = self.call(
            "credentials/getChallenge", credentialID=credential_id or self.seal,
            authObjectID="client_jws", hashes=hashes, hashAlgorithmOID=SHA256, **members,
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        return str(answer.json["challenge"])

    def jws(self, act: str) -> str:
        return client_jws(act.encode(), self.service.enrolled.key).evidence

    def authorize(self, hashes: list[str], credential_id: str = "", **members: Any) -> Any:
        """By the client's own JWS over the challenge."""
        credential_id = credential_id or self.seal
        value = self.jws(self.challenge(hashes, credential_id))
        asked = {
            "credentialID": credential_id, "numSignatures": len(hashes), "hashes": hashes,
            "hashAlgorithmOID": SHA256, "authData": [{"id": "client_jws", "value": value}],
        }  # fmt: skip
        return self.call("credentials/authorize", **(asked | members))

    def sad(self, hashes: list[str], credential_id: str = "") -> str:
        answer = self.authorize(hashes, credential_id)
        assert answer.status_code == 200, answer.text
        return str(answer.json["SAD"])

    def sign(self, sad: str, hashes: list[str], version: str = "v2", **members: Any) -> Any:
        asked = {"credentialID": self.seal, "SAD": sad, "signAlgo": ES256}
        names = ("hash", "hashAlgo") if version == "v1" else ("hashes", "hashAlgorithmOID")
        asked |= {names[0]: hashes, names[1]: SHA256}
        return self.call("signatures/signHash", version, **(asked | members))


def refusal(answer: Any) -> tuple[int, str, str]:
    """Status, error, error_description; and nothing else is told."""
    assert answer.content_type == "application/json"
    told = json.loads(answer.text)
    assert told.keys() == {"error", "error_description"}
    return answer.status_code, told["error"], told["error_description"]


@pytest.fixture
def csc(service: Service) -> Csc:
    return Csc(service)


@pytest.fixture
def new_person(key_process: RunningKeyProcess, devca: Any) -> Callable[..., Person]:
    """A person of the test's own: one-time passwords are used up."""

    def make(profile: str = "personal") -> Person:
        return enrol_person(key_process, devca, f"nguoi-{secrets.token_hex(6)}", profile)

    return make


@pytest.fixture(scope="session")
def pdf() -> bytes:
    return make_pdf(1)


@pytest.fixture(scope="session")
def rsa_seal(key_process: RunningKeyProcess, devca: Any, enrolled: Any) -> str:
    """The client's RSASSA-PSS seal."""
    created = key_process.create_credential("service-seal-rsa", enrolled.client_id)
    return activate(key_process, created, devca, "service-seal")


@pytest.fixture(scope="session")
def rs256_seal(key_process: RunningKeyProcess, devca: Any, enrolled: Any) -> str:
    """Its seal in the PKCS#1 v1.5 compatibility mode."""
    created = key_process.create_credential("compatibility-rs256", enrolled.client_id)
    return activate(key_process, created, devca, "service-seal")
