"""POST /v1/hashes/sign, /v1/timestamp, /v1/journal."""

import base64
import hashlib
import json
import time
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from hsm.client import ActItem, SignAct, SignatureAlgorithm, new_act_id
from tests.servers.key_process import client_jws
from tests.servers.signsvc import Service


def act_of(service: Service, digests: list[bytes], client_id: str = "motcua", kind: Any = "dtbsr") -> bytes:
    now = int(time.time())
    return SignAct(
        act_id=new_act_id(),
        client_id=client_id,
        credential_id=service.enrolled.seal,
        algorithm=SignatureAlgorithm.ES256,
        items=tuple(ActItem(digest, "MẪU", kind) for digest in digests),
        issued_at=now,
        expires_at=now + 300,
    ).encode()


def sign_hashes(service: Service, act: bytes, **more: Any) -> Any:
    approval = client_jws(act, service.enrolled.key)
    return service.client.post(
        "/v1/hashes/sign",
        json={"act": act.decode(), "approval": {"kind": "client_jws", "evidence": approval.evidence}} | more,
        headers=service.headers(),
    )


def test_digests_are_signed_in_their_order_with_receipts(service: Service) -> None:
    digests = [hashlib.sha256(bytes([number])).digest() for number in range(20)]
    answer = sign_hashes(service, act_of(service, digests), receipts=True)
    assert answer.status_code == 200, answer.text
    listed = service.client.get("/v1/credentials", headers=service.headers()).json["credentials"]
    credential = next(one for one in listed if one["credential_id"] == service.enrolled.seal)
    certificate = x509.load_der_x509_certificate(base64.b64decode(credential["certificates"][0]))
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    for digest, value in zip(digests, answer.json["signatures"], strict=True):
        key.verify(base64.b64decode(value), digest, ec.ECDSA(Prehashed(SHA256())))
    assert len(set(answer.json["leaf_indexes"])) == len(answer.json["receipts"]) == 20


def test_an_approved_act_signs_once(service: Service) -> None:
    act = act_of(service, [b"\1" * 32])
    assert sign_hashes(service, act).status_code == 200
    again = sign_hashes(service, act)
    assert (again.status_code, again.json["code"]) == (409, "grant_refused")


def test_another_clients_act_and_another_kind_are_refused(service: Service) -> None:
    other = sign_hashes(service, act_of(service, [b"\1" * 32], client_id="another"))
    assert (other.status_code, other.json["code"]) == (403, "approval_refused")
    prepared = sign_hashes(service, act_of(service, [b"\1" * 32], kind="prepared"))
    assert (prepared.status_code, prepared.json["code"]) == (400, "act_malformed")
    spaced = act_of(service, [b"\1" * 32]).replace(b",", b", ", 1)
    assert sign_hashes(service, spaced).status_code == 400


def test_a_timestamp_is_over_the_clients_digest_and_nonce(service: Service) -> None:
    digest = hashlib.sha256(b"x").digest()
    answer = service.client.post(
        "/v1/timestamp",
        json={"hash": base64.b64encode(digest).decode(), "nonce": "7b01020304050607"},
        headers=service.headers(),
    )
    assert answer.status_code == 200, answer.text
    token = base64.b64decode(answer.json["timestamp"])
    assert digest in token
    assert bytes.fromhex("02087b01020304050607") in token
    short = service.client.post("/v1/timestamp", json={"hash": "AAAA"}, headers=service.headers())
    assert short.status_code == 400


def test_anybody_may_read_the_journal(service: Service, pdf: bytes) -> None:
    done = service.signed(pdf)
    checkpoint = service.client.get("/v1/journal/checkpoint")
    assert checkpoint.content_type.startswith("text/plain")
    assert "+" in checkpoint.headers["Antin-Verifier-Key"]
    size = int(checkpoint.text.split("\n")[1])
    page = service.client.get("/v1/journal/entries", query_string={"start": 0, "limit": min(size, 1000)})
    lines = [json.loads(line) for line in page.text.splitlines()]
    assert [line["index"] for line in lines] == list(range(len(lines)))
    leaf = done["signature"]["leaf_index"]
    receipt = service.client.get(f"/v1/journal/receipts/{leaf}")
    assert receipt.json["entry"] == done["receipt"]["entry"]
    missing = service.client.get(f"/v1/journal/receipts/{10**9}")
    assert (missing.status_code, missing.json["code"]) == (404, "not_found")
    for query in ({"start": -1}, {"limit": 0}, {"limit": 1001}, {"start": "x"}):
        assert service.client.get("/v1/journal/entries", query_string=query).status_code == 400
