"""POST, GET, DELETE /v1/documents."""

import base64
import hashlib
import io
from typing import Any

import pytest

from tests.servers.signsvc import Service


def test_a_document_is_taken_in_and_given_back_byte_for_byte(service: Service, pdf: bytes) -> None:
    sent = service.upload(pdf)
    assert sent.status_code == 201, sent.text
    assert sent.json["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert (sent.json["size"], sent.json["pages"], sent.json["signatures"]) == (len(pdf), 1, 0)
    assert sent.json["name"] == "quyết định.pdf"
    assert sent.headers["Location"] == f"/v1/documents/{sent.json['id']}"
    shown = service.client.get(sent.headers["Location"], headers=service.headers())
    assert shown.json == sent.json
    content = service.client.get(sent.headers["Location"] + "/content", headers=service.headers())
    assert content.data == pdf
    assert content.headers["X-Content-Type-Options"] == "nosniff"
    assert content.headers["Cache-Control"] == "no-store"
    assert content.content_type == "application/pdf"
    assert content.headers["Content-Disposition"] == (
        "attachment; filename=\"quy_t __nh.pdf\"; filename*=UTF-8''quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh.pdf"
    )


def test_a_form_upload_is_the_same_as_a_raw_one(service: Service, pdf: bytes) -> None:
    sent = service.client.post(
        "/v1/documents", data={"file": (io.BytesIO(pdf), "tờ trình.pdf")}, headers=service.headers()
    )
    assert sent.status_code == 201, sent.text
    assert sent.json["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert sent.json["name"] == "tờ trình.pdf"


def test_another_clients_document_is_not_there(service: Service, pdf: bytes) -> None:
    document_id = service.upload(pdf).json["id"]
    nobody = "0" * 32
    for method, suffix in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        other = service.client.open(
            f"/v1/documents/{document_id}{suffix}", method=method, headers=service.headers("another")
        )
        unknown = service.client.open(
            f"/v1/documents/{nobody}{suffix}", method=method, headers=service.headers("another")
        )
        assert other.status_code == unknown.status_code == 404
        same = {name: value for name, value in other.json.items() if name not in ("request_id", "instance")}
        assert same.items() <= unknown.json.items()
    prepared = service.client.post(
        "/v1/signatures",
        json={"document_id": document_id, "credential_id": service.enrolled.seal},
        headers=service.headers("another"),
    )
    assert prepared.status_code == 404
    assert service.client.get("/v1/documents", headers=service.headers("another")).json["documents"] == []


def test_a_deleted_document_leaves_no_file(service: Service, pdf: bytes) -> None:
    document_id = service.upload(pdf).json["id"]
    prepared = service.prepare(document_id)
    assert prepared.status_code == 201, prepared.text
    gone = service.client.delete(f"/v1/documents/{document_id}", headers=service.headers())
    assert gone.status_code == 204
    assert list(service.settings.documents_dir.iterdir()) == []
    # What was prepared from it can't be completed any more.
    done = service.complete(prepared.json)
    assert (done.status_code, done.json["code"]) == (409, "signature_failed")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/etc/shadow", "shadow"),
        ("....", "document.pdf"),
        (".bashrc", "bashrc"),
        ("a" * 200 + ".pdf", None),
        ("", "document.pdf"),
        ('x"; filename="y.exe', 'x"; filename="y.exe'),
    ],
)
def test_a_name_never_becomes_a_path_or_a_header(
    service: Service, pdf: bytes, name: str, shown: str | None
) -> None:
    sent = service.client.post(
        "/v1/documents", query_string={"name": name[:200]}, data=pdf,
        content_type="application/pdf", headers=service.headers(),
    )  # fmt: skip
    assert sent.status_code == 201, sent.text
    if shown is not None:
        assert sent.json["name"] == shown
    content = service.client.get(sent.headers["Location"] + "/content", headers=service.headers())
    disposition = content.headers["Content-Disposition"]
    assert disposition.count('"') == 2
    assert "/" not in disposition
    files = list(service.settings.documents_dir.iterdir())
    assert [file.name for file in files] == [sent.json["id"]]
    assert files[0].stat().st_mode & 0o777 == 0o600
    assert service.settings.documents_dir.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("document_id", ["..%2f..%2fetc%2fpasswd", "0" * 31, "G" * 32, "%00" * 8])
def test_an_id_that_is_none_is_refused_without_touching_a_file(service: Service, document_id: str) -> None:
    answer = service.client.get(f"/v1/documents/{document_id}/content", headers=service.headers())
    assert answer.status_code in (400, 404)
    assert answer.content_type == "application/problem+json"


def test_a_body_above_the_limit_is_refused_and_leaves_nothing(service: Service, pdf: bytes) -> None:
    object.__setattr__(service.settings, "max_document", 1000)
    declared = service.upload(pdf + b"\0" * 2000)
    assert (declared.status_code, declared.json["code"]) == (413, "body_too_large")
    # A body that does not say how long it is.
    undeclared = service.client.post(
        "/v1/documents", input_stream=io.BytesIO(pdf + b"\0" * 2000), content_type="application/pdf",
        headers=service.headers(), environ_overrides={"wsgi.input_terminated": True},
    )  # fmt: skip
    assert (undeclared.status_code, undeclared.json["code"]) == (413, "body_too_large")
    form = service.client.post(
        "/v1/documents", data={"file": (io.BytesIO(pdf + b"\0" * 2000), "a.pdf")}, headers=service.headers()
    )
    assert form.status_code == 413
    assert list(service.settings.documents_dir.iterdir()) == []


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/json", ""]
)
def test_another_media_type_is_told_what_to_send(service: Service, pdf: bytes, media_type: str) -> None:
    answer = service.client.post(
        "/v1/documents", data=pdf, content_type=media_type, headers=service.headers()
    )
    assert (answer.status_code, answer.json["code"]) == (415, "media_type")
    assert "application/pdf" in answer.json["detail"]


@pytest.mark.parametrize("content", [b"", b"not a pdf at all", b"%PDF-1.7\nbroken"])
def test_what_is_no_document_is_refused_with_its_findings(service: Service, content: bytes) -> None:
    answer = service.upload(content)
    assert answer.status_code in (400, 422)
    assert answer.content_type == "application/problem+json"
    if content:
        assert answer.json["code"] == "document_refused"
        assert answer.json["findings"][0]["message"]
        assert "detail" not in answer.json["findings"][0]
    assert list(service.settings.documents_dir.iterdir()) == []


def test_a_form_with_two_files_or_none_is_refused(service: Service, pdf: bytes) -> None:
    two: Any = {"file": [(io.BytesIO(pdf), "a.pdf"), (io.BytesIO(pdf), "b.pdf")]}
    none: Any = {"other": (io.BytesIO(pdf), "a.pdf")}
    for data in (two, none):
        answer = service.client.post("/v1/documents", data=data, headers=service.headers())
        assert answer.status_code == 400, answer.text
    assert list(service.settings.documents_dir.iterdir()) == []


def test_the_list_is_paged_newest_first(service: Service, pdf: bytes) -> None:
    sent = [service.upload(pdf).json["id"] for _ in range(3)]
    seen, cursor = [], ""
    while True:
        page = service.client.get(
            "/v1/documents", query_string={"limit": 2, "cursor": cursor}, headers=service.headers()
        ).json
        seen += [one["id"] for one in page["documents"]]
        cursor = page.get("cursor", "")
        if not cursor:
            break
    assert sorted(seen) == sorted(sent)
    bad = service.client.get("/v1/documents", query_string={"cursor": "?"}, headers=service.headers())
    assert bad.status_code == 400


@pytest.mark.parametrize("cursor", [f"{2**63}.{'0' * 32}", f"-1.{'0' * 32}", "1.%s", "1", "²." + "0" * 32])
def test_a_cursor_of_ones_own_making_is_refused(service: Service, cursor: str) -> None:
    made = base64.urlsafe_b64encode(cursor.encode()).decode()
    answer = service.client.get("/v1/documents", query_string={"cursor": made}, headers=service.headers())
    assert (answer.status_code, answer.json["code"]) == (400, "request_malformed")


def test_an_expired_document_is_swept_away(service: Service, pdf: bytes) -> None:
    from datetime import timedelta  # noqa: PLC0415

    service.upload(pdf)
    later = service.services.clock() + timedelta(seconds=service.settings.retention + 1)
    assert service.services.sweep(now=later) == 1
    assert list(service.settings.documents_dir.iterdir()) == []
