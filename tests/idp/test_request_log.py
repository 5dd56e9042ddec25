"""What is logged and counted, and above all what is not."""

import io
import logging
from pathlib import Path

import orjson
import pytest
from flask import Flask

from tests.idp.provider import SIGNING, Provider, System, details


def test_one_event_a_request(provider: Provider, system: System) -> None:
    provider.client.get("/jwks", headers={"X-Request-Id": "r-1"})
    provider.token(system)
    jwks, token = provider.events()
    assert jwks.pop("time").endswith("Z")
    assert jwks.pop("ms") >= 0
    assert jwks == {
        "event": "request",
        "level": "info",
        "service": "idp",
        "request_id": "r-1",
        "method": "GET",
        "endpoint": "/jwks",
        "status": 200,
    }
    assert token["client_id"] == system.client_id


def test_no_token_assertion_or_parameter_is_ever_logged(
    provider: Provider, system: System, caplog: pytest.LogCaptureFixture
) -> None:
    """Authlib logs tokens at DEBUG, so this turns everything up as far as it goes."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("authlib").setLevel(logging.DEBUG)
    signing = provider.register(introspects=(SIGNING,))
    asked = orjson.dumps(details(label="Bí mật MẪU")).decode()
    assertion = system.assertion()
    token = provider.token(system, assertion, authorization_details=asked).json["access_token"]
    secrets = [assertion, token, token.rpartition(".")[2], "Bí mật", asked]
    provider.client.post("/introspect", data=signing.form(token=token))
    provider.client.post("/revoke", data=system.form(token=token))
    provider.token(system, assertion)
    provider.client.post(f"/token?token={token}", data=system.form())
    provider.client.get(f"/{token}")
    logged = provider.log.getvalue().decode() + caplog.text
    assert len(provider.events()) == 6
    assert not [secret for secret in secrets if secret in logged]


def test_authlibs_logger_is_held_at_info(provider: Provider) -> None:
    logging.getLogger("authlib").setLevel(logging.NOTSET)
    Provider(
        Path(provider.settings.database_url.removeprefix("sqlite:///")).parent,
        redis_url=provider.settings.redis_url,
        key_process=provider.settings.key_process,
    )
    assert logging.getLogger("authlib").level >= logging.INFO


def test_an_unexpected_error_says_nothing_to_the_caller_and_no_value_to_the_log(provider: Provider) -> None:
    _fail_at(provider.app, "/boom", "a secret value")
    answer = provider.client.get("/boom")
    assert answer.status_code == 500
    assert answer.json == {"error": "server_error"}
    event = provider.events()[-1]
    assert event["level"] == "error"
    assert "ValueError at boom:" in event["detail"]
    assert "a secret value" not in provider.log.getvalue().decode()


def test_metrics_count_endpoints_and_errors_not_what_callers_write(
    provider: Provider, system: System
) -> None:
    provider.token(system)
    provider.token(system, scope="admin")
    provider.client.get("/attacker-made-path")
    text = provider.client.get("/metrics").text
    assert 'idp_requests_total{endpoint="/token",status="200"} 1.0' in text
    assert 'idp_tokens_issued_total{grant_type="client_credentials"} 1.0' in text
    assert 'idp_errors_total{error="invalid_scope"} 1.0' in text
    assert 'idp_request_seconds_count{endpoint="/token"} 2.0' in text
    assert "attacker" not in text


def test_nothing_is_there_at_an_unknown_address(provider: Provider) -> None:
    answer = provider.client.get("/nothing-here")
    assert answer.status_code == 404
    assert answer.json["error"] == "invalid_request"


def test_every_request_to_an_endpoint_is_one_line_of_json(provider: Provider) -> None:
    provider.client.get('/"\n{}')
    assert len(provider.events()) == 1
    assert isinstance(provider.log, io.BytesIO)


def _fail_at(app: Flask, path: str, text: str) -> None:
    app.add_url_rule(path, "boom", lambda: boom(text))


def boom(text: str) -> str:
    raise ValueError(text)
