"""pyHanko's own CSC client signs PAdES through the running service: v1, and v2 by documented subclassing."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    PrefetchedSADAuthorizationManager,
    fetch_certs_in_csc_credential,
)

from tests.servers.csc import CscClient
from tests.servers.key_process import client_jws
from tests.servers.people import Enrolled as Person

SAMPLE = (Path(__file__).parents[1] / "samples" / "quyet-dinh.pdf").read_bytes()
SHA256 = "2.16.840.1.101.3.4.2.1"
META = {"md_algorithm": "sha256", "subfilter": SigSeedSubFilter.PADES}


class Manager(CSCAuthorizationManager):
    """Posts to credentials/authorize what ``request`` makes of the hashes."""

    def __init__(
        self, session: aiohttp.ClientSession, *known: Any, request: Callable[..., dict[str, Any]]
    ) -> None:
        super().__init__(*known)
        self._session = session
        self._request = request

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        url = self.csc_session_info.endpoint_url("credentials/authorize")
        body = self._request(self, hash_b64s)
        async with self._session.post(url, headers=self.auth_headers, json=body) as answer:
            assert answer.status == 200, await answer.text()
            return self.parse_csc_auth_response(await answer.json())


class V2Signer(CSCSigner):
    """v2's spellings, as the documentation of ``format_csc_signing_req`` has one do."""

    async def format_csc_signing_req(self, tbs_hashes: list[str], digest_algorithm: str) -> dict[str, Any]:
        request = await super().format_csc_signing_req(tbs_hashes, digest_algorithm)
        request["hashes"] = request.pop("hash")
        request["hashAlgorithmOID"] = request.pop("hashAlgo")
        return request


def by_pin_v1(person: Person) -> Callable[..., dict[str, Any]]:
    def request(manager: CSCAuthorizationManager, hashes: list[str]) -> dict[str, Any]:
        return manager.format_csc_auth_request(
            pin=person.pin, otp=person.otp(), hash_b64s=hashes, description="MẪU"
        )

    return request


def by_pin_v2(person: Person) -> Callable[..., dict[str, Any]]:
    def request(manager: CSCAuthorizationManager, hashes: list[str]) -> dict[str, Any]:
        asked = manager.format_csc_auth_request(hash_b64s=hashes)
        asked["hashes"] = asked.pop("hash")
        asked["hashAlgorithmOID"] = SHA256
        asked["authData"] = [{"id": "PIN", "value": person.pin}, {"id": "OTP", "value": person.otp()}]
        return asked

    return request


def by_client_jws(client: CscClient) -> Callable[..., dict[str, Any]]:
    """An automatic seal: the challenge is the act, the response the client's JWS over it."""

    def request(manager: CSCAuthorizationManager, hashes: list[str]) -> dict[str, Any]:
        asked = {
            "credentialID": manager.csc_session_info.credential_id,
            "numSignatures": len(hashes), "hashes": hashes, "hashAlgorithmOID": SHA256,
        }  # fmt: skip
        challenge = client.call("credentials/getChallenge", authObjectID="client_jws", **asked).json()[
            "challenge"
        ]
        value = client_jws(challenge.encode(), client.key).evidence
        return asked | {"authData": [{"id": "client_jws", "value": value}]}

    return request


def sign(
    client: CscClient,
    credential_id: str,
    request: Callable[..., dict[str, Any]] | None,
    *,
    version: str = "v1",
    count: int = 1,
    pss: bool = False,
    sad: str = "",
) -> list[bytes]:
    async def run() -> list[bytes]:
        known = CSCServiceSessionInfo(client.stack.base_url, credential_id, client.token(), version)
        async with aiohttp.ClientSession() as session:
            credential = await fetch_certs_in_csc_credential(session, known)
            assert credential.hash_pinning_required is (not sad)
            manager: CSCAuthorizationManager
            if request is None:
                manager = PrefetchedSADAuthorizationManager(known, credential, CSCAuthorizationInfo(sad))
            else:
                manager = Manager(session, known, credential, request=request)
            kind = CSCSigner if version == "v1" else V2Signer
            signer = kind(session, manager, batch_size=count, prefer_pss=pss)
            return list(await asyncio.gather(*(one(signer, number) for number in range(count))))

    async def one(signer: CSCSigner, number: int) -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(SAMPLE))
        meta = PdfSignatureMetadata(field_name=f"ChuKy{number}", **META)
        output = await PdfSigner(meta, signer).async_sign_pdf(writer)
        return bytes(output.getbuffer())

    return asyncio.run(run())


def check_valid(client: CscClient, documents: list[bytes]) -> None:
    """By the service's own validation, which has another reader than pyHanko's signer."""
    for document in documents:
        answer = httpx.post(
            f"{client.stack.base_url}/v1/verify", content=document,
            headers={"Content-Type": "application/pdf"}, timeout=60, trust_env=False,
        )  # fmt: skip
        told = answer.json()
        assert answer.status_code == 200, answer.text
        assert told["verdict"] == "TOTAL_PASSED", told


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("profile", ["personal", "personal-rsa"])
def test_a_person_signs_by_pin_and_otp(
    csc_client: CscClient, new_person: Callable[..., Person], version: str, count: int, profile: str
) -> None:
    person = new_person(profile)
    request = by_pin_v1(person) if version == "v1" else by_pin_v2(person)
    documents = sign(
        csc_client, person.credential_id, request, version=version, count=count, pss=profile == "personal-rsa"
    )
    check_valid(csc_client, documents)


@pytest.mark.parametrize(("version", "rsa"), [("v1", False), ("v2", True)])
def test_a_system_seals_by_its_own_jws(csc_client: CscClient, version: str, rsa: bool) -> None:
    credential_id = csc_client.seal_rsa if rsa else csc_client.seal
    documents = sign(
        csc_client, credential_id, by_client_jws(csc_client), version=version, count=3,
        pss=rsa,
    )  # fmt: skip
    check_valid(csc_client, documents)


def test_scal1_the_sad_comes_before_the_hashes(
    csc_client: CscClient, new_person: Callable[..., Person]
) -> None:
    person = new_person("compatibility-scal1")
    granted = csc_client.call(
        "credentials/authorize", "v1", credentialID=person.credential_id, numSignatures=2,
        PIN=person.pin, OTP=person.otp(),
    )  # fmt: skip
    assert granted.status_code == 200, granted.text
    documents = sign(csc_client, person.credential_id, None, count=2, sad=granted.json()["SAD"])
    check_valid(csc_client, documents)
    with pytest.raises(SigningError):
        sign(csc_client, person.credential_id, None, sad=granted.json()["SAD"])


def test_scal2_refuses_what_was_not_named_and_pyhanko_hears_of_it(
    csc_client: CscClient, new_person: Callable[..., Person]
) -> None:
    person = new_person()
    before = by_pin_v1(person)

    def other_hashes(manager: CSCAuthorizationManager, hashes: list[str]) -> dict[str, Any]:
        return before(manager, ["A" * 42 + "E=" for _ in hashes])

    with pytest.raises(SigningError, match="No signing results"):
        sign(csc_client, person.credential_id, other_hashes)
