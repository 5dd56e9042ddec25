"""Prepare, approve, complete."""

import base64
import hashlib
from typing import Any

import pytest

from tests.servers.key_process import client_jws
from tests.servers.signsvc import Service


def recompute(pdf: bytes, prepared: dict[str, Any]) -> bytes:
    """What a careful client does before it approves."""
    whole = pdf + base64.b64decode(prepared["suffix"])
    start, end = prepared["gap"]
    return hashlib.sha256(whole[:start] + whole[end:]).digest()


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_a_prepared_document_is_approved_and_signed_at_its_level(
    service: Service, pdf: bytes, level: str
) -> None:
    document = service.upload(pdf).json
    answer = service.prepare(document["id"], level=level, title="Quyết định MẪU")
    assert answer.status_code == 201, answer.text
    prepared = answer.json
    digest = recompute(pdf, prepared)
    assert base64.b64decode(prepared["document_digest"]) == digest
    assert base64.b64encode(digest).decode() in prepared["act"]
    assert hashlib.sha256(prepared["act"].encode()).hexdigest() == prepared["act_digest"]
    assert prepared["base_sha256"] == hashlib.sha256(pdf).hexdigest()
    done = service.complete(prepared)
    assert done.status_code == 200, done.text
    assert (done.json["state"], done.json["level"]) == ("completed", level)
    signed = service.client.get(f"/v1/signatures/{prepared['id']}/content", headers=service.headers())
    assert signed.data.startswith(pdf)
    assert done.json["document"] == {
        "sha256": hashlib.sha256(signed.data).hexdigest(),
        "size": len(signed.data),
    }
    receipt = service.client.get(f"/v1/signatures/{prepared['id']}/receipt", headers=service.headers())
    assert receipt.json == done.json["receipt"]
    entry = base64.b64decode(receipt.json["entry"])
    assert prepared["act_digest"].encode() in entry


def test_completing_again_answers_the_same_and_signs_nothing(service: Service, pdf: bytes) -> None:
    prepared = service.prepare(service.upload(pdf).json["id"]).json
    first = service.complete(prepared)
    before = service.intents()
    second = service.complete(prepared)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json == second.json
    assert service.intents() == before


def test_an_approval_of_another_act_signs_nothing_and_the_right_one_still_can(
    service: Service, pdf: bytes
) -> None:
    document_id = service.upload(pdf).json["id"]
    mine, other = service.prepare(document_id).json, service.prepare(document_id).json
    wrong = client_jws(other["act"].encode(), service.enrolled.key)
    refused = service.client.post(
        f"/v1/signatures/{mine['id']}/complete",
        json={"approval": {"kind": "client_jws", "evidence": wrong.evidence}},
        headers=service.headers(),
    )
    assert (refused.status_code, refused.json["code"]) == (403, "approval_refused")
    assert refused.content_type == "application/problem+json"
    shown = service.client.get(f"/v1/signatures/{mine['id']}", headers=service.headers()).json
    assert shown["state"] == "awaiting_approval"
    content = service.client.get(f"/v1/signatures/{mine['id']}/content", headers=service.headers())
    assert content.status_code == 409
    assert service.complete(mine).status_code == 200


def test_another_client_can_neither_see_nor_complete_a_signature(service: Service, pdf: bytes) -> None:
    prepared = service.prepare(service.upload(pdf).json["id"]).json
    approval = client_jws(prepared["act"].encode(), service.enrolled.key)
    body = {"approval": {"kind": "client_jws", "evidence": approval.evidence}}
    path = f"/v1/signatures/{prepared['id']}"
    stranger = service.headers("another")
    assert service.client.post(f"{path}/complete", json=body, headers=stranger).status_code == 404
    for suffix in ("", "/content", "/receipt"):
        assert service.client.get(path + suffix, headers=stranger).status_code == 404


def test_another_clients_credential_is_not_there_to_prepare_with(service: Service, pdf: bytes) -> None:
    sent = service.client.post(
        "/v1/documents", data=pdf, content_type="application/pdf", headers=service.headers("another")
    )
    for credential_id in (service.enrolled.seal, "nothing"):
        answer = service.client.post(
            "/v1/signatures",
            json={"document_id": sent.json["id"], "credential_id": credential_id, "level": "B-B"},
            headers=service.headers("another"),
        )
        assert (answer.status_code, answer.json["code"]) == (409, "credential_not_usable")


def test_a_second_signature_keeps_the_first(service: Service, pdf: bytes) -> None:
    first = service.signed(pdf)
    once = service.client.get(f"/v1/signatures/{first['id']}/content", headers=service.headers()).data
    uploaded = service.upload(once).json
    assert uploaded["signatures"] == 1
    second = service.signed(once)
    twice = service.client.get(f"/v1/signatures/{second['id']}/content", headers=service.headers()).data
    assert twice.startswith(once)


def test_a_visible_signature_is_drawn(service: Service, pdf: bytes) -> None:
    visible = {"page": -1, "rect": [100, 100, 300, 180], "text": "Ký thử\nỦy ban nhân dân"}
    done = service.signed(pdf, visible=visible)
    assert done["state"] == "completed"


@pytest.mark.parametrize(
    "change",
    [
        {"level": "B-X"},
        {"visible": {"page": 0, "rect": [1, 2, 3, 4]}},
        {"visible": {"page": 1, "rect": [1, 2, 3]}},
        {"visible": {"page": 1, "rect": [1, 2, 30, 40], "image": "%%%"}},
        {"visible": {"page": 99, "rect": [1, 2, 30, 40]}},
        {"visible": {"page": 1, "rect": [0, 0, 5000, 5000]}},
        {"title": "x" * 501},
        {"title": "a\u0000b"},
        {"surprise": 1},
        {"credential_id": ""},
        {"document_id": "../x"},
    ],
)
def test_a_wrong_wish_is_told_and_leaves_no_file(
    service: Service, pdf: bytes, change: dict[str, Any]
) -> None:
    document_id = service.upload(pdf).json["id"]
    answer = service.prepare(**({"document_id": document_id} | change))
    assert answer.status_code in (400, 422), answer.text
    assert answer.content_type == "application/problem+json"
    assert {file.name for file in service.settings.documents_dir.iterdir()} == {document_id}


def test_the_credentials_are_the_clients_own(service: Service) -> None:
    own = service.client.get("/v1/credentials", headers=service.headers()).json["credentials"]
    # Other tests of this run may have enrolled more for the same client.
    assert {one["credential_id"] for one in own} >= {service.enrolled.seal, service.enrolled.service_seal}
    assert all(one["training"] and len(one["certificates"]) >= 2 for one in own)
    assert service.client.get("/v1/credentials", headers=service.headers("another")).json == {
        "credentials": []
    }


def test_nothing_secret_is_logged(service: Service, pdf: bytes) -> None:
    prepared = service.prepare(service.upload(pdf, name="bí-mật.pdf").json["id"]).json
    headers = service.headers()
    approval = client_jws(prepared["act"].encode(), service.enrolled.key)
    service.client.post(
        f"/v1/signatures/{prepared['id']}/complete",
        json={"approval": {"kind": "client_jws", "evidence": approval.evidence}},
        headers=headers,
    )
    logged = service.log.getvalue().decode()
    assert '"client_id":"motcua"' in logged
    for secret in (headers["Authorization"].split()[1], approval.evidence, "bí-mật", prepared["id"]):
        assert secret not in logged
