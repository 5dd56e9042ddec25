"""An approval on the page, as the identity provider begins it. Import the fixtures."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from antin.software_passkey import SoftwarePasskey

from tests.servers.key_process import RunningKeyProcess
from tests.servers.people import Enrolled as Person
from tests.servers.signsvc import ISSUER
from tests.signsvc.csc.conftest import ES256, SHA256, Csc, hashed

CSC_CREDENTIAL = "https://cloudsignatureconsortium.org/2025/credential"
RETURN = f"{ISSUER}/authorize/resume/abc"


@pytest.fixture
def person(new_person: Callable[..., Person]) -> Person:
    return new_person()


class Page:
    """An approval that the identity provider began."""

    def __init__(
        self, csc: Csc, person: Person, *titles: str, client_id: str = "motcua", **changes: Any
    ) -> None:
        self.csc, self.person, self.client_id = csc, person, client_id
        self.hashes = [hashed(title) for title in titles]
        documents = [{"digest": one, "title": title} for one, title in zip(self.hashes, titles, strict=True)]
        body = {
            "client_id": client_id, "client_name": "Một cửa MẪU", "person_id": person.person_id,
            "credential_id": person.credential_id, "signatures": len(titles), "documents": documents,
            "return_uri": RETURN,
        }  # fmt: skip
        self.begun = self.as_provider().post(
            "/v1/approvals", json=body | changes, headers=self.provider_headers()
        )

    def as_provider(self) -> Any:
        return self.csc.service.client

    def provider_headers(self) -> dict[str, str]:
        token = self.csc.service.issuer.token(ISSUER, scope="approvals")
        return {"Authorization": f"Bearer {token}"}

    @property
    def handle(self) -> str:
        assert self.begun.status_code == 201, self.begun.text
        return str(self.begun.json["handle"])

    def open(self) -> Any:
        return self.csc.service.client.get(f"/approvals/{self.handle}")

    def state(self) -> str:
        return str(self.told()["state"])

    def act(self) -> str:
        headers = self.csc.service.headers()
        return str(
            self.csc.service.client.get(f"/v1/authorizations/{self.handle}", headers=headers).json["act"]
        )

    def by_passkey(self, passkey: SoftwarePasskey, act: str = "", **members: Any) -> Any:
        response = json.loads(passkey.approve((act or self.act()).encode())["evidence"])
        return self.post(json={"response": response, **members})

    def by_pin(self, pin: str, otp: str, *kept: int) -> Any:
        return self.post(data={"pin": pin, "otp": otp, "keep": list(kept) or [*range(len(self.hashes))]})

    def post(self, **options: Any) -> Any:
        return self.csc.service.client.post(f"/approvals/{self.handle}", **options)

    def told(self) -> Any:
        """What the identity provider hears."""
        return self.as_provider().get(f"/v1/approvals/{self.handle}", headers=self.provider_headers()).json

    def token(self, client_id: str = "", **changes: Any) -> str:
        details = [
            {"type": CSC_CREDENTIAL, "credentialID": self.person.credential_id, "approval": self.handle}
        ]
        return self.csc.service.issuer.token(
            client_id or self.client_id,
            **(
                {"scope": "credential", "sub": self.person.person_id, "authorization_details": details}
                | changes
            ),
        )

    def sign(self, bearer: str, hashes: list[str] | None = None, **members: Any) -> Any:
        asked = {
            "credentialID": self.person.credential_id, "hashes": hashes or self.hashes,
            "hashAlgorithmOID": SHA256, "signAlgo": ES256,
        }  # fmt: skip
        return self.csc.call("signatures/signHash", token=bearer, **(asked | members))


@pytest.fixture
def passkey(person: Person, key_process: RunningKeyProcess) -> SoftwarePasskey:
    made = SoftwarePasskey.new("localhost", key_process.origin, counter=0)
    key_process.enrol_passkey(person.person_id, made)
    return made
