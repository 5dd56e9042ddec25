"""An office's operations over HTTP: clear refusals with a type of their own, and nothing lost by them."""

from typing import Any

import pytest

from tests.servers.signsvc import Service

OPERATION: dict[str, Any] = {"operation": "incoming", "office": "H47"}


@pytest.mark.parametrize("secrecy", ["mat", "toi_mat", "tuyet_mat"])
def test_what_is_declared_secret_is_refused_everywhere_and_not_kept(
    service: Service, pdf: bytes, secrecy: str
) -> None:
    kept = service.client.get("/v1/documents", headers=service.headers()).json
    upload = service.client.post(
        f"/v1/documents?secrecy={secrecy}",
        data=pdf,
        headers=service.headers(),
        content_type="application/pdf",
    )
    in_form = service.client.post(
        "/v1/sign", headers=service.headers(), content_type="application/pdf", data=pdf,
        query_string={"credential_id": service.enrolled.seal, "secrecy": secrecy},
    )  # fmt: skip
    for answer in (upload, in_form):
        assert (answer.status_code, answer.json["code"]) == (422, "secret_document")
        assert answer.json["type"] == "urn:antin:problem:secret_document"
    assert service.client.get("/v1/documents", headers=service.headers()).json == kept
    document_id = service.upload(pdf).json["id"]
    prepared = service.prepare(document_id, secrecy=secrecy)
    assert (prepared.status_code, prepared.json["code"]) == (422, "secret_document")


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "stamp", "office": "H47"},
        {"capacity": "CHỦ TỊCH"},
        {"over": {"leaf_index": 1}},
        {"operation": "sign", "office": "H47"},
        {"operation": "issue", "office": "H47", "capacity": "CHỦ TỊCH"},
        {"operation": "copy", "office": "H47"},
        {"operation": "incoming", "office": "H47", "copy_form": "sao_y"},
        {"operation": "issue", "office": "H47", "over": {}},
        {"operation": "issue", "office": "H47", "over": {"leaf_index": 1, "signature_id": "0" * 32}},
        {"operation": "annex", "office": "H47", "over": {"leaf_index": 1, "digest": "AAAA"}},
        {"operation": "initial", "office": "H47", "document_number": "12/QĐ"},
        {"operation": "annex", "office": "H47", "issued_on": "2026-11-24"},
        {"operation": "initial", "office": "H47\u202e"},
    ],
)
def test_an_operation_that_makes_no_sense_is_malformed(
    service: Service, pdf: bytes, wrong: dict[str, Any]
) -> None:
    answer = service.prepare(service.upload(pdf).json["id"], **wrong)
    assert (answer.status_code, answer.json["code"]) == (400, "request_malformed")


def test_a_credential_of_no_office_needs_one_named(service: Service, pdf: bytes) -> None:
    answer = service.prepare(service.upload(pdf).json["id"], operation="incoming")
    assert answer.status_code == 400
    assert "office" in answer.json["detail_en"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"operation": "issue", "office": "H47"}, "missing"),
        ({"operation": "initial", "office": "H47", "over": {"leaf_index": 1}}, "no signature yet"),
        ({"operation": "annex", "office": "H47"}, "main document"),
        (
            {"operation": "issue", "office": "H47", "over": {"signature_id": "0" * 32}},
            "no completed signature",
        ),
    ],
)
def test_an_operation_out_of_order_is_refused_before_anybody_is_asked(
    service: Service, pdf: bytes, body: dict[str, Any], words: str
) -> None:
    document_id = service.upload(pdf).json["id"]
    answer = service.prepare(document_id, **body)
    assert (answer.status_code, answer.json["code"]) == (409, "operation_order")
    assert answer.json["type"] == "urn:antin:problem:operation_order"
    assert words in answer.json["detail_en"]
    assert answer.json["detail"] != answer.json["detail_en"]
    assert service.prepare(document_id).status_code == 201, "the document is kept"


def test_a_signed_document_needs_its_last_signature_named(service: Service, pdf: bytes) -> None:
    first = service.prepare(service.upload(pdf).json["id"]).json
    other = service.prepare(service.upload(pdf).json["id"]).json
    assert service.complete(first).status_code == service.complete(other).status_code == 200
    signed = service.client.get(f"/v1/signatures/{first['id']}/content", headers=service.headers()).data
    document_id = service.upload(signed).json["id"]
    unnamed = service.prepare(document_id, **OPERATION)
    assert (unnamed.status_code, unnamed.json["code"]) == (409, "operation_order")
    wrong = service.prepare(document_id, **OPERATION, over={"signature_id": other["id"]})
    assert "not the last" in wrong.json["detail_en"]
    right = service.prepare(document_id, **OPERATION, over={"signature_id": first["id"]})
    assert right.status_code == 201, right.text
    assert '"over"' in right.json["act"]


def test_what_the_policy_refuses_is_told_in_its_rules_words_and_can_be_tried_again(
    service: Service, pdf: bytes
) -> None:
    seal = service.enrolled.organisation_seal
    prepared = service.prepare(service.upload(pdf).json["id"], credential_id=seal, **OPERATION).json
    refused = service.complete(prepared)
    assert (refused.status_code, refused.json["code"]) == (403, "operation_actor")
    assert refused.json["type"] == "urn:antin:problem:operation_actor"
    assert "chỉ do văn thư được giao trực tiếp dùng" in refused.json["detail"]
    assert "seal" in refused.json["detail_en"]
    shown = service.client.get(f"/v1/signatures/{prepared['id']}", headers=service.headers()).json
    assert (shown["state"], shown["operation"]) == ("awaiting_approval", "incoming")
