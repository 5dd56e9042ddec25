"""The service as a whole: its routes, its description, its errors, its health."""

import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from signsvc.web.endpoints import check_declared
from tests.servers.signsvc import Service

PUBLIC = {
    "/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/verify",
    "/v1/verify/digests/<sha256>",
    "/v1/journal/checkpoint", "/v1/journal/entries", "/v1/journal/receipts/<leaf_index>",
    "/csc/v1/info", "/csc/v2/info", "/csc/v1/auth/login",
    "/approvals/<handle>", "/approvals/assets/<name>", "/acts/<handle>",
}  # fmt: skip


def test_every_route_says_who_may_call_it_and_only_these_are_public(service: Service) -> None:
    app = service.client.application
    check_declared(app)
    public = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if not app.view_functions[rule.endpoint].authentication.scope  # type: ignore[attr-defined]
    }
    assert public == PUBLIC


def test_a_route_that_does_not_say_keeps_the_app_from_starting(service: Service) -> None:
    app = service.client.application
    app.view_functions["documents.list_documents"] = lambda: "open"
    with pytest.raises(LookupError, match="list_documents"):
        check_declared(app)


def test_every_protected_route_refuses_a_caller_without_token(service: Service) -> None:
    app = service.client.application
    for rule in app.url_map.iter_rules():
        if rule.rule in PUBLIC:
            continue
        path = re.sub(r"<[^>]+>", "0" * 32, rule.rule)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            answer = service.client.open(path, method=method)
            assert answer.status_code == 401, rule
            if path.startswith("/csc/"):
                assert answer.json["error"] == "invalid_request", rule
            else:
                assert answer.json["code"] == "login", rule


def test_the_openapi_document_is_valid_and_tells_the_authentication(service: Service) -> None:
    document = service.client.get("/openapi.json").json
    validate(document)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            scopes = ["service"] if path.startswith("/csc/") else ["sign"]
            if path.startswith("/v1/approvals"):
                scopes = ["approvals"]
            elif path.endswith(("/signatures/signHash", "/signatures/signDoc")):
                scopes = ["service", "credential"]
            elif path.endswith("/complete"):
                scopes = ["sign", "credential"]
            public = re.sub(r"\{", "<", path).replace("}", ">") in PUBLIC
            asked = [{}] if public else [{"access_token": [scope]} for scope in scopes]
            assert operation["security"] == asked, (path, method)
            failure = "application/json" if path.startswith("/csc/") else "application/problem+json"
            assert list(operation["responses"]["default"]["content"]) == [failure]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("PUT", "/v1/documents", 405),
        ("GET", "/v1/journal/receipts/x", 400),
        ("POST", "/v1/hashes/sign", 401),
    ],
)
def test_every_error_is_a_problem_document(service: Service, method: str, path: str, status: int) -> None:
    answer = service.client.open(path, method=method, headers={"X-Request-Id": "yeu-cau-1"})
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["request_id"] == answer.headers["X-Request-Id"] == "yeu-cau-1"
    for member in ("type", "title", "title_en", "status", "detail", "detail_en", "instance", "code"):
        assert answer.json[member]


def test_a_request_id_that_could_break_a_log_is_replaced(service: Service) -> None:
    for given in ("a b", "x" * 65, "é", '"}'):
        answer = service.client.get("/healthz", headers={"X-Request-Id": given})
        assert re.fullmatch(r"[0-9a-f]{24}", answer.headers["X-Request-Id"])


def test_an_unknown_error_says_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret-value")

    monkeypatch.setattr(type(service.services.documents), "page", broken)
    answer = service.client.get("/v1/documents", headers=service.headers())
    assert (answer.status_code, answer.json["code"]) == (500, "internal")
    assert "secret-value" not in answer.text
    logged = service.log.getvalue().decode()
    assert "secret-value" not in logged
    assert "RuntimeError at broken" in logged


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'"x"', b"null", b'{"document_id": 1}', b'{"hash": "' + b"A" * 200 + b'"}',
        b"[" * 100_000, b'{"hash":' * 20_000, b'{"hash": ' + b"9" * 5_000 + b"}", b'{"hash": "\\ud800"}',
    ],
)  # fmt: skip
def test_a_body_that_is_not_what_was_asked_is_refused(service: Service, body: bytes) -> None:
    for path in ("/v1/signatures", "/v1/hashes/sign", "/v1/timestamp"):
        answer = service.client.post(
            path, data=body, content_type="application/json", headers=service.headers()
        )
        assert (answer.status_code, answer.json["code"]) == (400, "request_malformed"), answer.text


def test_json_of_another_type_or_too_large_is_refused(service: Service) -> None:
    plain = service.client.post(
        "/v1/timestamp", data=b"{}", content_type="text/plain", headers=service.headers()
    )
    assert (plain.status_code, plain.json["code"]) == (415, "media_type")
    large = service.client.post(
        "/v1/timestamp",
        data=b'{"hash": "' + b"A" * service.settings.max_json + b'"}',
        content_type="application/json",
        headers=service.headers(),
    )
    assert large.status_code == 413


def test_it_is_ready_and_counts(service: Service, pdf: bytes) -> None:
    service.signed(pdf, level="B-T")
    ready = service.client.get("/readyz")
    assert ready.status_code == 200, ready.text
    assert set(ready.json) == {"status", "key_process", "database", "documents", "redis", "issuer"}
    metrics = service.client.get("/metrics").text
    assert 'signsvc_signatures_total{level="B-T",result="completed"} 1.0' in metrics
    assert 'signsvc_authority_up{authority="tsa"} 1.0' in metrics
    assert "signsvc_queue_depth 0.0" in metrics
    assert 'signsvc_requests_total{endpoint="/v1/documents",status="201"} 1.0' in metrics
