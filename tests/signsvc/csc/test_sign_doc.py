"""signatures/signDoc: documents, or their digests; under a SAD, or under the token's own details."""

import base64
import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.servers.people import Enrolled as Person
from tests.signsvc.csc.conftest import ES256, SHA256, Csc, b64, hashed, refusal

DIGEST = hashlib.sha256(b"the byte range").digest()
ENTRY = {"signature_format": "P", "signAlgo": ES256}
NOT_AUTHORISED = "documentDigests or documents are not authorized by the SAD"


def digests_of(*digests: bytes, **changes: Any) -> dict[str, Any]:
    entry = ENTRY | {"hashes": [b64(one) for one in digests], "hashAlgorithmOID": SHA256}
    return {"documentDigests": [entry | changes]}


def documents_of(*contents: bytes, **changes: Any) -> dict[str, Any]:
    return {"documents": [ENTRY | {"document": b64(content)} | changes for content in contents]}


def verdict(csc: Csc, document: bytes) -> Any:
    return csc.service.client.post("/v1/verify", data=document, content_type="application/pdf").json


def intact(csc: Csc, document: str, level: str, before: bytes) -> None:
    signed = base64.b64decode(document)
    assert signed.startswith(before)
    told = verdict(csc, signed)
    assert told["verdict"] == "TOTAL_PASSED", told
    assert told["signatures"][0]["level"] == level, told


@pytest.mark.parametrize("level", ["Ades-B-B", "AdES-B-T", "Ades-T", None])
def test_a_digest_gets_a_cms_over_exactly_it(csc: Csc, level: str | None) -> None:
    sad = csc.sad([b64(DIGEST)])
    answer = csc.call(
        "signatures/signDoc", credentialID=csc.seal, SAD=sad, **digests_of(DIGEST, conformance_level=level)
    )
    assert answer.status_code == 200, answer.text
    [encoded] = answer.json["SignatureObject"]
    signed = cms.ContentInfo.load(base64.b64decode(encoded))["content"]
    signer = signed["signer_infos"][0]
    attributes = {one["type"].native: one["values"][0] for one in signer["signed_attrs"]}
    assert attributes["message_digest"].native == DIGEST
    certificate = x509.load_der_x509_certificate(signed["certificates"][0].chosen.dump())
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    tbs = signer["signed_attrs"].untag().dump()
    key.verify(signer["signature"].native, tbs, ec.ECDSA(hashes.SHA256()))
    stamped = bool(signer["unsigned_attrs"]) and len(signer["unsigned_attrs"]) == 1
    assert stamped is (level in ("AdES-B-T", "Ades-T"))


def test_digests_keep_their_order_over_all_entries(csc: Csc) -> None:
    listed = [hashlib.sha256(bytes([number])).digest() for number in range(4)]
    sad = csc.sad([b64(one) for one in listed])
    entries = [ENTRY | {"hashes": [b64(listed[3]), b64(listed[0])]}, ENTRY | {"hashes": b64(listed[2])}]
    answer = csc.call("signatures/signDoc", credentialID=csc.seal, SAD=sad, documentDigests=entries)
    found = []
    for encoded in answer.json["SignatureObject"]:
        signer = cms.ContentInfo.load(base64.b64decode(encoded))["content"]["signer_infos"][0]
        found += [
            one["values"][0].native
            for one in signer["signed_attrs"]
            if one["type"].native == "message_digest"
        ]
    assert found == [listed[3], listed[0], listed[2]]


def test_what_the_sad_does_not_name_is_not_signed(csc: Csc, pdf: bytes) -> None:
    sad = csc.sad([b64(DIGEST)])
    other = csc.call("signatures/signDoc", credentialID=csc.seal, SAD=sad, **digests_of(bytes(32)))
    assert refusal(other) == (400, "invalid_request", NOT_AUTHORISED)
    # A file's own hash is not the digest of what was prepared from it: the signer approved no such document.
    sad = csc.sad([b64(hashlib.sha256(pdf).digest())])
    before = list(csc.service.settings.documents_dir.iterdir())
    document = csc.call("signatures/signDoc", credentialID=csc.seal, SAD=sad, **documents_of(pdf))
    assert refusal(document) == (400, "invalid_request", NOT_AUTHORISED)
    assert list(csc.service.settings.documents_dir.iterdir()) == before


@pytest.mark.parametrize(
    ("wanted", "level"),
    [("Ades-B-B", "B-B"), ("Ades-B-T", "B-T"), ("Ades-LT", "B-LT"), ("Ades-B-LTA", "B-LTA")],
)
def test_documents_are_signed_under_a_scal1_sad(
    csc: Csc, pdf: bytes, new_person: Callable[..., Person], wanted: str, level: str
) -> None:
    person = new_person("compatibility-scal1")
    granted = csc.call(
        "credentials/authorize", credentialID=person.credential_id, numSignatures=2,
        authData=[{"id": "PIN", "value": person.pin}, {"id": "OTP", "value": person.otp()}],
    )  # fmt: skip
    asked = {"credentialID": person.credential_id, "SAD": granted.json["SAD"]}
    properties = [{"attribute_name": "Reason", "attribute_value": b64("Phê duyệt MẪU".encode())}]
    answer = csc.call(
        "signatures/signDoc", **asked,
        **documents_of(pdf, pdf, conformance_level=wanted, signed_props=properties),
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    for document in answer.json["DocumentWithSignature"]:
        intact(csc, document, level, pdf)
        reader = PdfFileReader(io.BytesIO(base64.b64decode(document)))
        assert reader.embedded_signatures[0].sig_object["/Reason"] == "Phê duyệt MẪU"
    again = csc.call("signatures/signDoc", **asked, **documents_of(pdf))
    assert refusal(again) == (400, "invalid_request", "Invalid parameter SAD")


def test_without_sad_the_token_itself_must_name_the_documents(csc: Csc, pdf: bytes) -> None:
    seal = csc.service.enrolled.service_seal
    token = csc.service.issuer.approval_token(seal, pdf, scope="service")
    answer = csc.call("signatures/signDoc", token=token, credentialID=seal, **documents_of(pdf))
    assert answer.status_code == 200, answer.text
    intact(csc, answer.json["DocumentWithSignature"][0], "B-B", pdf)
    other = csc.call(
        "signatures/signDoc", token=token, credentialID=seal, **documents_of(pdf + b"\n% other\n")
    )
    assert refusal(other) == (
        403, "invalid_hash", "Document or documentDigest does not match authorized hash",
    )  # fmt: skip
    organisation = csc.call(
        "signatures/signDoc",
        token=token,
        credentialID=csc.service.enrolled.organisation_seal,
        **documents_of(pdf),
    )
    assert refusal(organisation)[2] == "Missing (or invalid type) string parameter SAD"


def test_an_asynchronous_document_waits_for_the_authority_that_is_away(
    csc: Csc, pdf: bytes, devca: Any
) -> None:
    seal = csc.service.enrolled.service_seal
    token = csc.service.issuer.approval_token(seal, pdf, scope="service")
    devca.misbehave(tsa="down")
    try:
        later = csc.call(
            "signatures/signDoc", token=token, credentialID=seal, operationMode="A",
            **documents_of(pdf, conformance_level="Ades-B-T"),
        )  # fmt: skip
        assert later.status_code == 200, later.text
        polled = csc.call("signatures/signPolling", requestID=later.json["responseID"])
        assert refusal(polled) == (
            202, "accepted_request", "The previous async request has been accepted but not yet completed",
        )  # fmt: skip
    finally:
        devca.misbehave()
    services = csc.service.services
    [waiting] = services.csc_responses.find("motcua", later.json["responseID"], services.clock()).signatures
    held = services.signatures.claim(waiting, ("waiting",), now=int(services.clock().timestamp()), lease=30)
    services.finish.finish(held, now=services.clock())
    polled = csc.call("signatures/signPolling", requestID=later.json["responseID"])
    intact(csc, polled.json["DocumentWithSignature"][0], "B-T", pdf)


@pytest.mark.parametrize(
    ("members", "description"),
    [
        ({}, "Empty documentDigests and documents objects"),
        ({"documents": [], "documentDigests": []}, "Empty documentDigests and documents objects"),
        (digests_of(DIGEST) | documents_of(b"x"), "Both documentDigests and documents parameters passed"),
        ({"documentDigests": "x"}, "Invalid object parameter documentDigests"),
        ({"documents": {"a": 1}}, "Invalid array parameter documents"),
        ({"documents": ["x"]}, "Invalid array parameter documents"),
        (documents_of(b"x", document="!"), "Invalid Base64 documents string parameter"),
        (documents_of(b"x", document=None), "Invalid Base64 documents string parameter"),
        (digests_of(DIGEST, hashes=["!"]), "Invalid Base64 hashes string parameter"),
        (digests_of(DIGEST, hashes=[b64(b"x")]), "Invalid digest value length"),
        (digests_of(DIGEST, hashes=[]), "Empty hashes array"),
        (digests_of(DIGEST, signAlgo=None), "Missing (or invalid type) string parameter signAlgo"),
        (digests_of(DIGEST, signAlgo="1.2.3"), "Invalid parameter signAlgo"),
        (digests_of(DIGEST, hashAlgorithmOID="1.2.3"), "Invalid parameter hashAlgorithmOID"),
        (
            digests_of(DIGEST, hashAlgorithmOID="2.16.840.1.101.3.4.2.2"),
            "String parameter hashAlgorithmOID contradicts with signAlgo parameter",
        ),
        (digests_of(DIGEST, signature_format="X"), "Invalid parameter signature_format"),
        (
            documents_of(b"x", signature_format=None),
            "Missing (or invalid type) string parameter signature_format",
        ),
        (digests_of(DIGEST, conformance_level="Ades-B-X"), "Invalid parameter conformance_level"),
        (digests_of(DIGEST, conformance_level="Ades-B-LTA"), "Invalid parameter conformance_level"),
        (
            documents_of(b"x", signed_envelope_property="Certification"),
            "Invalid parameter signed_envelope_property",
        ),
        (
            documents_of(b"x", signed_props=[{"attribute_name": "Name", "attribute_value": "eA=="}]),
            "Invalid parameter signed_props (Name)",
        ),
        (documents_of(b"x") | {"operationMode": "X"}, "Invalid parameter operationMode"),
        (documents_of(b"x") | {"response_uri": "http://x"}, "Invalid parameter response_uri"),
        (documents_of(b"x") | {"validity_period": -1}, "Out of bounds parameter validity_period"),
        (documents_of(b"x") | {"credentialID": "x"}, "Invalid parameter credentialID"),
        (
            documents_of(b"x") | {"credentialID": None, "signatureQualifier": "vn_congvu_coquan"},
            "Missing (or invalid type) string parameter credentialID",
        ),
        (digests_of(DIGEST) | {"SAD": None}, "Missing (or invalid type) string parameter SAD"),
        (digests_of(DIGEST), "Invalid parameter SAD"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(csc: Csc, members: dict[str, Any], description: str) -> None:
    asked = {"credentialID": csc.seal, "SAD": "x" * 43} | members
    assert refusal(csc.call("signatures/signDoc", **asked)) == (400, "invalid_request", description)


def test_a_document_that_may_not_be_signed_spends_no_sad(
    csc: Csc, pdf: bytes, new_person: Callable[..., Person]
) -> None:
    person = new_person("compatibility-scal1")
    granted = csc.call(
        "credentials/authorize", credentialID=person.credential_id, numSignatures=1,
        PIN=person.pin, OTP=person.otp(),
    )  # fmt: skip
    asked = {"credentialID": person.credential_id, "SAD": granted.json["SAD"]}
    hostile = csc.call("signatures/signDoc", **asked, **documents_of(b"not a PDF"))
    assert refusal(hostile)[:2] == (400, "invalid_request")
    assert csc.call("signatures/signDoc", **asked, **documents_of(pdf)).status_code == 200


def test_a_time_stamp_is_over_the_clients_hash_and_nonce(csc: Csc) -> None:
    for version in ("v1", "v2"):
        answer = csc.call(
            "signatures/timestamp", version, hash=hashed("a"), hashAlgo=SHA256, nonce="7b01020304050607"
        )
        assert answer.status_code == 200, answer.text
        token = base64.b64decode(json.loads(answer.text)["timestamp"])
        assert base64.b64decode(hashed("a")) in token
        assert bytes.fromhex("02087b01020304050607") in token
