"""Idempotency-Key, concurrent callers, and what is away."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from signsvc.web.idempotent import body_digest
from tests.servers.key_process import RunningKeyProcess, client_jws
from tests.servers.plain_pdf import make_pdf
from tests.servers.redis import RunningRedis
from tests.servers.signsvc import Enrolled, Issuer, Service, enrol, run_service


def test_the_same_upload_again_is_the_same_document(service: Service, pdf: bytes) -> None:
    key = {"Idempotency-Key": "tai-len-1"}
    first, second = service.upload(pdf, **key), service.upload(pdf, **key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json == first.json
    assert second.headers["Location"] == first.headers["Location"]
    assert len(list(service.settings.documents_dir.iterdir())) == 1
    other = service.upload(make_pdf(2), **key)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_mismatch")
    renamed = service.upload(pdf, name="khác.pdf", **key)
    assert renamed.status_code == 422


def test_another_client_may_use_the_same_key(service: Service, pdf: bytes) -> None:
    key = {"Idempotency-Key": "1"}
    first = service.upload(pdf, **key)
    second = service.client.post(
        "/v1/documents", data=pdf, content_type="application/pdf", headers=service.headers("another", **key)
    )
    assert first.json["id"] != second.json["id"]


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "kh\u00f3a", "a b"])
def test_a_key_that_is_none_is_refused(service: Service, pdf: bytes, key: str) -> None:
    answer = service.upload(pdf, **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json["code"]) == (400, "request_malformed")


def test_a_refusal_is_not_kept(service: Service, pdf: bytes) -> None:
    key = {"Idempotency-Key": "2"}
    body = {"document_id": "0" * 32, "credential_id": service.enrolled.seal}
    for _ in range(2):
        answer = service.client.post("/v1/signatures", json=body, headers=service.headers(**key))
        assert answer.status_code == 404
    document_id = service.upload(pdf).json["id"]
    body["document_id"] = document_id
    assert service.client.post("/v1/signatures", json=body, headers=service.headers(**key)).status_code == 201


def test_many_at_once_with_one_key_prepare_one_signature(service: Service, pdf: bytes) -> None:
    body = {"document_id": service.upload(pdf).json["id"], "credential_id": service.enrolled.seal}
    headers = service.headers(**{"Idempotency-Key": "cung-luc"})

    def ask(_: int) -> Any:
        return service.client.application.test_client().post("/v1/signatures", json=body, headers=headers)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(12)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json["code"] == "in_progress"
            assert answer.headers["Retry-After"] == "1"


def test_many_at_once_complete_one_signature(service: Service, pdf: bytes) -> None:
    prepared = service.prepare(service.upload(pdf).json["id"], level="B-T").json
    before = service.intents()
    approval = client_jws(prepared["act"].encode(), service.enrolled.key)
    body = {"approval": {"kind": "client_jws", "evidence": approval.evidence}}
    headers = service.headers()

    def ask(_: int) -> Any:
        client = service.client.application.test_client()
        return client.post(f"/v1/signatures/{prepared['id']}/complete", json=body, headers=headers)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(12)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert service.complete(prepared).status_code == 200
    assert service.intents() == before + 1


def test_redis_away_refuses_signing_lets_reading_pass_and_is_found_again(
    tmp_path: Path, issuer: Issuer, enrolled: Enrolled, key_process: RunningKeyProcess, devca: Any,
    own_redis: RunningRedis, pdf: bytes,
) -> None:  # fmt: skip
    redis_url = f"redis+{own_redis.url}"
    with run_service(tmp_path, issuer, enrolled, key_process, devca, redis_url=redis_url) as service:
        document_id = service.upload(pdf).json["id"]
        prepared = service.prepare(document_id).json
        own_redis.stop()
        refused = service.complete(prepared)
        assert (refused.status_code, refused.json["code"]) == (503, "counters_unavailable")
        assert int(refused.headers["Retry-After"]) > 0
        read = service.client.get(f"/v1/documents/{document_id}", headers=service.headers())
        assert read.status_code == 200
        ready = service.client.get("/readyz")
        assert (ready.status_code, ready.json["redis"], ready.json["database"]) == (503, "unavailable", "ok")
        own_redis.start()
        assert service.complete(prepared).status_code == 200


def test_the_key_process_away_is_503_and_signing_returns_without_a_restart(
    tmp_path: Path, issuer: Issuer, own_key_process: RunningKeyProcess, devca: Any, redis_url: str, pdf: bytes
) -> None:
    enrolled = enrol(own_key_process, devca, "motcua")
    redis_url = f"redis+{redis_url}"
    with run_service(tmp_path, issuer, enrolled, own_key_process, devca, redis_url=redis_url) as service:
        prepared = service.prepare(service.upload(pdf).json["id"]).json
        own_key_process.kill()
        away = service.complete(prepared)
        assert (away.status_code, away.json["code"]) == (503, "key_process_unavailable")
        assert int(away.headers["Retry-After"]) > 0
        assert service.client.get("/v1/credentials", headers=service.headers()).status_code == 503
        assert service.client.get("/v1/journal/checkpoint").status_code == 503
        assert service.client.get("/v1/journal/entries").status_code == 503
        own_key_process.start()
        until = time.monotonic() + 10
        while (done := service.complete(prepared)).status_code == 503 and time.monotonic() < until:
            time.sleep(0.2)
        assert done.status_code == 200, done.text


def test_a_locked_database_is_503_and_nothing_is_signed(service: Service, pdf: bytes) -> None:
    prepared = service.prepare(service.upload(pdf).json["id"]).json
    before = service.intents()
    blocker = sqlite3.connect(service.settings.database_url.removeprefix("sqlite:///"))
    blocker.execute("BEGIN IMMEDIATE")
    away = service.complete(prepared)
    assert (away.status_code, away.json["code"]) == (503, "store_unavailable")
    blocker.rollback()
    blocker.close()
    assert service.intents() == before
    assert service.complete(prepared).status_code == 200


def test_too_many_calls_are_429_with_a_time_to_wait(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from policies.buckets import Allowance, Buckets  # noqa: PLC0415

    monkeypatch.setattr(Buckets, "spend", lambda *_, **__: Allowance(allowed=False, retry_after=17.2))
    answer = service.client.get("/v1/documents", headers=service.headers())
    assert (answer.status_code, answer.json["code"]) == (429, "quota_exceeded")
    assert answer.headers["Retry-After"] == "17"


def test_refused_approvals_are_counted_and_end(service: Service, pdf: bytes) -> None:
    """Guessing approvals is cut short, for a client of its own."""
    prepared = service.prepare(service.upload(pdf).json["id"]).json
    client_id = service.enrolled.client_id
    body = {"approval": {"kind": "client_jws", "evidence": "e30.e30.e30"}}
    path = f"/v1/signatures/{prepared['id']}/complete"
    codes = [service.client.post(path, json=body, headers=service.headers()).status_code for _ in range(22)]
    assert codes[0] == 403
    assert codes[-1] == 429
    service.services.limits.forgive("approval-failures", client_id)


def test_a_pin_is_not_in_the_hash_that_is_kept_of_a_request() -> None:
    """A hash of few digits is the digits, to whoever reads the database."""
    app = Flask("t")

    def digest(pin: str, act: str = "a") -> bytes:
        body = {"act": act, "approval": {"kind": "pin_otp", "evidence": f'{{"pin":"{pin}"}}'}}
        with app.test_request_context("/", method="POST", json=body):
            return body_digest()

    assert digest("111111") == digest("222222")
    assert digest("111111") != digest("111111", act="b")
