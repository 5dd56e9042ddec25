"""POST /v1/sign: one call, the access token approves."""

import hashlib
import io
from typing import Any

import pytest

from tests.servers.plain_pdf import make_pdf
from tests.servers.signsvc import Service


def sign(
    service: Service, content: bytes, token: str = "", headers: dict[str, str] | None = None, **query: Any
) -> Any:
    token = token or service.issuer.approval_token(service.enrolled.service_seal, content)
    asked = {
        "credential_id": service.enrolled.service_seal,
        "level": "B-B",
        "title": "Giấy tiếp nhận MẪU",
    } | query
    return service.client.post(
        "/v1/sign",
        query_string=asked,
        data=content,
        content_type="application/pdf",
        headers={"Authorization": f"Bearer {token}"} | (headers or {}),
    )


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_a_pdf_goes_in_and_the_signed_one_comes_out(service: Service, pdf: bytes, level: str) -> None:
    answer = sign(service, pdf, level=level)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/pdf"
    assert answer.data.startswith(pdf)
    assert len(answer.data) > len(pdf)
    shown = service.client.get(
        f"/v1/signatures/{answer.headers['Antin-Signature-Id']}", headers=service.headers()
    ).json
    assert (shown["state"], shown["level"]) == ("completed", level)
    assert shown["document"] == {"sha256": hashlib.sha256(answer.data).hexdigest(), "size": len(answer.data)}
    receipt = service.client.get(f"/v1/journal/receipts/{answer.headers['Antin-Leaf-Index']}")
    assert receipt.json["proof"].startswith("c2sp.org/tlog-proof@v1\n")


def test_a_form_may_carry_the_wishes(service: Service, pdf: bytes) -> None:
    token = service.issuer.approval_token(service.enrolled.service_seal, pdf)
    form: dict[str, Any] = {
        "file": (io.BytesIO(pdf), "giấy tiếp nhận.pdf"),
        "credential_id": service.enrolled.service_seal,
        "level": "B-B",
        "rect": "50,50,250,120",
        "page": "-1",
        "text": "Ký số MẪU",
    }
    answer = service.client.post("/v1/sign", data=form, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    assert b"gi%E1%BA%A5y" in answer.headers["Content-Disposition"].encode()


def test_a_token_for_another_file_signs_nothing(service: Service, pdf: bytes) -> None:
    token = service.issuer.approval_token(service.enrolled.service_seal, make_pdf(2))
    before = service.intents()
    answer = sign(service, pdf, token)
    assert (answer.status_code, answer.json["code"]) == (403, "approval_refused")
    assert service.intents() == before


def test_a_plain_token_signs_nothing(service: Service, pdf: bytes) -> None:
    """Enough to call the service, not to approve a signature."""
    answer = sign(service, pdf, service.issuer.token())
    assert (answer.status_code, answer.json["code"]) == (403, "approval_refused")


def test_an_organisations_seal_wants_its_clerks_passkey_and_takes_no_token(
    service: Service, pdf: bytes
) -> None:
    token = service.issuer.approval_token(service.enrolled.organisation_seal, pdf)
    answer = sign(service, pdf, token, credential_id=service.enrolled.organisation_seal)
    assert (answer.status_code, answer.json["code"]) == (403, "operation_actor")
    assert "named clerk" in answer.json["detail_en"]


def test_the_same_call_again_gives_the_same_document_and_signs_once(service: Service, pdf: bytes) -> None:
    token = service.issuer.approval_token(service.enrolled.service_seal, pdf)
    before = service.intents()
    first, second = sign(service, pdf, token), sign(service, pdf, token)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.data == second.data
    assert service.intents() - before == 1


def test_a_spent_token_does_not_sign_the_file_in_another_way(service: Service, pdf: bytes) -> None:
    token = service.issuer.approval_token(service.enrolled.service_seal, pdf)
    assert sign(service, pdf, token).status_code == 200
    answer = sign(service, pdf, token, reason="khác")
    assert (answer.status_code, answer.json["code"]) == (409, "signature_failed")


def test_an_idempotency_key_gives_the_document_again_with_a_fresh_token(service: Service, pdf: bytes) -> None:
    key = {"Idempotency-Key": "lan-1"}
    first, second = sign(service, pdf, headers=key), sign(service, pdf, headers=key)
    assert first.status_code == 200, first.text
    assert second.data == first.data
    assert second.headers["Antin-Signature-Id"] == first.headers["Antin-Signature-Id"]
    other = sign(service, make_pdf(3), headers=key)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_mismatch")


@pytest.mark.parametrize(
    "change",
    [{"rect": "1,2,3"}, {"rect": "a,b,c,d"}, {"page": "1"}, {"text": "x"}, {"page": "0", "rect": "1,2,30,40"},
     {"level": "B-Z"}, {"credential_id": ""}, {"credential_ID": "x"}],
)  # fmt: skip
def test_a_wrong_wish_is_told_and_no_file_stays(service: Service, pdf: bytes, change: dict[str, str]) -> None:
    answer = sign(service, pdf, **change)
    assert answer.status_code == 400, answer.text
    assert answer.content_type == "application/problem+json"
    assert list(service.settings.documents_dir.iterdir()) == []


def test_the_token_is_nowhere_in_the_database(service: Service, pdf: bytes) -> None:
    token = service.issuer.approval_token(service.enrolled.service_seal, pdf)
    assert sign(service, pdf, token, headers={"Idempotency-Key": "k"}).status_code == 200
    for file in service.settings.documents_dir.parent.glob("signsvc.sqlite3*"):
        content = file.read_bytes()
        assert token.encode() not in content
        assert token.split(".")[2].encode() not in content
