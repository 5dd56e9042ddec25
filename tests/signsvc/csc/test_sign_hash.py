"""signatures/signHash: what was authorised, once, in the request's order."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes as kinds
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from tests.servers.people import Enrolled as Person
from tests.signsvc.csc.conftest import ES256, SHA256, Csc, b64, hashed, refusal


def public_key(csc: Csc, credential_id: str, version: str = "v2") -> Any:
    answer = csc.call("credentials/info", version, credentialID=credential_id, certificates="chain")
    assert answer.status_code == 200, answer.text
    return x509.load_der_x509_certificate(
        base64.b64decode(answer.json["cert"]["certificates"][0])
    ).public_key()


def check_each(key: Any, hashes: list[str], signatures: list[str]) -> None:
    for one, value in zip(hashes, signatures, strict=True):
        key.verify(base64.b64decode(value), base64.b64decode(one), ec.ECDSA(Prehashed(kinds.SHA256())))


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_persons_pin_and_otp_make_a_sad_that_signs(
    csc: Csc, new_person: Callable[[], Person], version: str
) -> None:
    person = new_person()
    hashes = [hashed("b"), hashed("a"), hashed("b")]
    if version == "v1":
        asked: dict[str, Any] = {"hash": hashes, "PIN": person.pin, "OTP": person.otp()}
    else:
        asked = {"hashes": hashes, "hashAlgorithmOID": SHA256, "authData": [
            {"id": "PIN", "value": person.pin}, {"id": "OTP", "value": person.otp()},
        ]}  # fmt: skip
    granted = csc.call(
        "credentials/authorize", version, credentialID=person.credential_id, numSignatures=3,
        description="Quyết định MẪU", **asked,
    )  # fmt: skip
    assert granted.status_code == 200, granted.text
    assert 0 < granted.json["expiresIn"] <= 900
    made = csc.sign(granted.json["SAD"], hashes, version, credentialID=person.credential_id)
    assert made.status_code == 200, made.text
    check_each(public_key(csc, person.credential_id, version), hashes, made.json["signatures"])


def test_signatures_come_in_the_requests_order_not_in_the_approvals(csc: Csc) -> None:
    hashes = [hashed(str(number)) for number in range(20)]
    shuffled = sorted(hashes)[::-1]
    assert shuffled not in (hashes, sorted(hashes))
    made = csc.sign(csc.sad(hashes), shuffled)
    assert made.status_code == 200, made.text
    check_each(public_key(csc, csc.seal), shuffled, made.json["signatures"])


def test_a_hash_may_come_as_often_as_it_was_authorised(csc: Csc) -> None:
    twice = [hashed("a"), hashed("a")]
    made = csc.sign(csc.sad(twice), twice)
    check_each(public_key(csc, csc.seal), twice, made.json["signatures"])
    thrice = csc.sign(csc.sad(twice), [*twice, hashed("a")])
    assert refusal(thrice) == (400, "invalid_request", "Hash is not authorized by the SAD")


def test_hashes_with_plus_and_slash_are_signed_and_base64url_is_not(csc: Csc) -> None:
    digest = next(
        digest
        for digest in (hashlib.sha256(str(number).encode()).digest() for number in range(1000))
        if {"+", "/"} <= set(b64(digest))
    )
    assert csc.sign(csc.sad([b64(digest)]), [b64(digest)]).status_code == 200
    urlsafe = base64.urlsafe_b64encode(digest).decode()
    for spoiled in (urlsafe, urlsafe.rstrip("="), b64(digest) + "\n", " " + b64(digest)):
        answer = csc.sign("x" * 43, [spoiled])
        assert refusal(answer) == (400, "invalid_request", "Invalid Base64 hash string parameter")


def test_one_sad_can_be_used_in_parts_and_each_part_once(csc: Csc) -> None:
    hashes = [hashed("a"), hashed("b")]
    sad = csc.sad(hashes)
    assert csc.sign(sad, hashes[1:]).status_code == 200
    assert csc.sign(sad, hashes).status_code == 400  # all or none
    assert csc.sign(sad, hashes[:1]).status_code == 200
    assert refusal(csc.sign(sad, hashes[:1])) == (400, "invalid_request", "Invalid parameter SAD")


def test_nobody_signs_with_another_clients_sad(csc: Csc) -> None:
    hashes = [hashed("a")]
    sad = csc.sad(hashes)
    token = csc.service.issuer.token("another", scope="service")
    seen = csc.sign(sad, hashes, token=token)
    assert refusal(seen) == (400, "invalid_request", "Invalid parameter credentialID")
    assert csc.sign(sad, hashes).status_code == 200


def test_a_persons_sad_is_the_clients_that_asked_for_it(csc: Csc, new_person: Callable[[], Person]) -> None:
    person = new_person()
    hashes = [hashed("a")]
    granted = csc.call(
        "credentials/authorize", credentialID=person.credential_id, numSignatures=1, hashes=hashes,
        authData=[{"id": "PIN", "value": person.pin}, {"id": "OTP", "value": person.otp()}],
    )  # fmt: skip
    sad = granted.json["SAD"]
    other = Csc(csc.service, "another").sign(sad, hashes, credentialID=person.credential_id)
    assert refusal(other) == (400, "invalid_request", "Invalid parameter SAD")
    assert csc.sign(sad, hashes, credentialID=person.credential_id).status_code == 200


def test_a_sad_is_for_its_credential_alone(csc: Csc) -> None:
    hashes = [hashed("a")]
    sad = csc.sad(hashes)
    other = csc.sign(sad, hashes, credentialID=csc.service.enrolled.service_seal)
    assert refusal(other) == (400, "invalid_request", "Invalid parameter SAD")


def test_an_unauthorised_hash_is_refused_and_costs_nothing(csc: Csc) -> None:
    hashes = [hashed("a"), hashed("b")]
    sad = csc.sad(hashes)
    before = csc.service.intents()
    answer = csc.sign(sad, [hashes[0], hashed("evil")])
    assert refusal(answer) == (400, "invalid_request", "Hash is not authorized by the SAD")
    assert csc.service.intents() == before
    assert csc.sign(sad, hashes).status_code == 200


def test_the_v1_and_v2_spellings_are_both_taken_by_both(csc: Csc) -> None:
    hashes = [hashed("a")]
    for version in ("v1", "v2"):
        for names in (("hash", "hashAlgo"), ("hashes", "hashAlgorithmOID")):
            members = {names[0]: hashes, names[1]: SHA256}
            answer = csc.call(
                "signatures/signHash", version, credentialID=csc.seal, SAD=csc.sad(hashes),
                signAlgo=ES256, clientData="x", **members,
            )  # fmt: skip
            assert answer.status_code == 200, answer.text


def test_asynchronous_answers_are_fetched_by_their_client_alone(csc: Csc) -> None:
    hashes = [hashed("a"), hashed("b")]
    later = csc.sign(csc.sad(hashes), hashes, operationMode="A", validity_period=60_000)
    assert later.json.keys() == {"responseID"}
    polled = csc.call("signatures/signPolling", requestID=later.json["responseID"])
    check_each(public_key(csc, csc.seal), hashes, polled.json["signatures"])
    other = Csc(csc.service, "another").call("signatures/signPolling", requestID=later.json["responseID"])
    assert refusal(other) == (400, "invalid_request", "Invalid parameter requestID")
