"""pyHanko's client signs at certomancer-csc-dummy and at us, and v1 answers with what that server answers.

Both are asked the same things at the same time: every member that the one gives, with its type, the other
gives as well.
"""

import base64
import hashlib
import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from tests.conformance.csc_dummy import CREDENTIAL
from tests.conformance.test_csc_pyhanko import check_valid, sign
from tests.servers.csc import CscClient
from tests.servers.people import Enrolled as Person

HASH = base64.b64encode(hashlib.sha256(b"document").digest()).decode()
SHA256 = "2.16.840.1.101.3.4.2.1"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return sorted({type(member).__name__ for member in value})
    return type(value).__name__


def covers(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and all(
            name in ours and covers(ours[name], member) for name, member in theirs.items()
        )
    return bool(ours == theirs)


def asked(address: str, method: str, **members: object) -> Any:
    answer = httpx.post(f"{address}/csc/v1/{method}", json=members, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


def by_pin(pin: str, otp: str) -> Callable[..., dict[str, Any]]:
    def request(manager: Any, hashes: list[str]) -> dict[str, Any]:
        made: dict[str, Any] = manager.format_csc_auth_request(
            pin=pin, otp=otp, hash_b64s=hashes, description="MẪU"
        )
        return made

    return request


def test_one_client_signs_at_the_reference_server_and_at_us(
    csc_client: CscClient, csc_dummy: str, new_person: Callable[..., Person]
) -> None:
    reference: Any = SimpleNamespace(stack=SimpleNamespace(base_url=csc_dummy), token=lambda: "none")
    [theirs] = sign(reference, CREDENTIAL, by_pin("any", "any"))
    signature = PdfFileReader(io.BytesIO(theirs)).embedded_signatures[0]
    root = signature.other_embedded_certs[-1]
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[root], allow_fetching=False))
    assert status.valid
    assert status.intact
    person = new_person()
    check_valid(csc_client, sign(csc_client, person.credential_id, by_pin(person.pin, person.otp())))


def test_our_answers_have_the_reference_servers_members(
    csc_client: CscClient, csc_dummy: str, new_person: Callable[..., Person]
) -> None:
    person = new_person()
    ours: dict[str, Any] = {"credentialID": person.credential_id}
    theirs: dict[str, Any] = {"credentialID": CREDENTIAL}
    factors = {"PIN": person.pin, "OTP": person.otp()}
    asks: list[tuple[str, dict[str, Any]]] = [
        ("info", {}),
        ("credentials/info", {"certificates": "chain"}),
        ("credentials/authorize", {"numSignatures": 1, "hash": [HASH], **factors}),
        ("signatures/signHash", {"hash": [HASH], "hashAlgo": SHA256, "signAlgo": ECDSA_SHA256}),
    ]
    for method, members in asks:
        reference = asked(csc_dummy, method, **theirs, **members)
        answer = csc_client.call(method, "v1", **ours, **members)
        assert answer.status_code == 200, answer.text
        assert covers(shape(answer.json()), shape(reference)), (method, answer.json(), reference)
        for known, told in ((ours, answer.json()), (theirs, reference)):
            known.update({"SAD": told["SAD"]} if "SAD" in told else {})
    listed = csc_client.call("credentials/list", "v1").json()
    assert covers(shape(listed), shape(asked(csc_dummy, "credentials/list")))
    assert {csc_client.seal, csc_client.seal_rsa} <= set(listed["credentialIDs"])
