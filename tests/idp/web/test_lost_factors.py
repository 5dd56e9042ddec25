"""Who lost the telephone is let in by an administrator at the host's shell, and throws the lost one out."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from idp.__main__ import main
from tests.idp.people import Browser, Enrolled, enrol
from tests.idp.provider import Provider


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    capsys.readouterr()
    assert main(["people", *arguments, "--json"]) == 0
    told: dict[str, str] = json.loads(capsys.readouterr().out)
    return told


def kept(provider: Provider, person: Enrolled) -> set[str]:
    found = provider.app.extensions["idp"].factors.of_person(person.person_id)
    return {each.factor_id for each in found if each.kind == "totp"}


def test_who_lost_the_telephone_gets_a_new_password_and_a_new_app_and_removes_the_lost_one(
    provider: Provider,
    tmp_path: Path,
    redis_url: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IDP_DATABASE_URL", f"sqlite:///{tmp_path}/idp.sqlite3")
    monkeypatch.setenv("IDP_REDIS_URL", redis_url)
    person = enrol(provider)
    [lost] = kept(provider, person)
    person.password = command(capsys, "set-password", person.username)["password"]
    # A new password alone enrols nothing: the telephone may be somebody's who reads over shoulders.
    browser = Browser(provider)
    browser.get("/account")
    page = browser.post(f"{browser.path}/password", username=person.username, password=person.password)
    assert "new_password" not in page.text
    otpauth = command(capsys, "add-totp", person.username)["otpauth"]
    person.totp_secret = parse_qs(urlsplit(otpauth).query)["secret"][0]
    browser = Browser(provider)
    browser.login(person)
    assert browser.path == "/account"
    browser.get("/account/factors")
    browser.post("/account/factors/change", factor_id=lost, act="remove")
    assert lost not in kept(provider, person)
    assert len(kept(provider, person)) == 1
