"""Settings say all their faults at once, and refuse what would be unsafe."""

import pytest
from pydantic import ValidationError

from idp.settings import Settings


@pytest.mark.parametrize(
    "issuer",
    [
        "https://sso.example.gov.vn",
        "https://sso.example.gov.vn:8443/tinh",
        "http://127.0.0.1:8081",
        "http://localhost:8081",
        "http://[::1]:8081",
    ],
)
def test_a_sound_issuer_is_taken(issuer: str) -> None:
    assert Settings(issuer=issuer).issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "http://sso.example.gov.vn",
        "http://127.0.0.1.attacker.example",
        "https://sso.example.gov.vn/",
        "https://sso.example.gov.vn?x=1",
        "https://sso.example.gov.vn#x",
        "https://user@sso.example.gov.vn",
        "ftp://sso.example.gov.vn",
        "sso.example.gov.vn",
        "",
    ],
)
def test_an_unsound_issuer_is_refused(issuer: str) -> None:
    with pytest.raises(ValidationError, match="issuer"):
        Settings(issuer=issuer)


def test_plain_http_in_a_closed_network_must_be_said() -> None:
    assert Settings(allow_plain_http=True, issuer="http://idp:8081").issuer == "http://idp:8081"


def test_a_key_process_elsewhere_needs_mutual_tls() -> None:
    with pytest.raises(ValidationError, match="mutual TLS"):
        Settings(key_process="hsm.example.gov.vn:9443")


def test_every_fault_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_ISSUER", "http://sso.example.gov.vn")
    monkeypatch.setenv("IDP_ACCESS_TOKEN_SECONDS", "86400")
    monkeypatch.setenv("IDP_TOKEN_RATE", "many")
    monkeypatch.setenv("IDP_WORKERS", "none")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert {error["loc"][0] for error in refused.value.errors()} == {
        "issuer",
        "access_token_seconds",
        "token_rate",
        "workers",
    }


def test_settings_cannot_change_while_running() -> None:
    with pytest.raises(ValidationError):
        Settings().issuer = "https://attacker.example"  # type: ignore[misc]
