"""A device logs in with a code that a person enters elsewhere; strangers' guesses and haste gain nothing."""

from dataclasses import replace
from typing import Any

import pytest

from tests.conformance.oidc.browser import Browser, Page
from tests.idp.grants.token_client import TokenClient
from tests.idp.provider import Provider, parts
from tests.idp.relying_party import BASELINE, allow, log_in, open_browser, press, services_of

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
METADATA = replace(BASELINE, grant_types=("authorization_code", "refresh_token", GRANT))


@pytest.fixture(autouse=True)
def fresh_budget(provider: Provider) -> None:
    """Redis is shared by tests, and all of them begin in the same minute."""
    redis = services_of(provider).redis
    for key in redis.scan_iter("idp:device-tries:*"):
        redis.delete(key)


@pytest.fixture
def device(provider: Provider) -> TokenClient:
    return TokenClient(provider, METADATA)


def begin(device: TokenClient, **fields: str) -> dict[str, Any]:
    form = device.system.form(**{"scope": "openid", **fields})
    answer = device.provider.client.post("/device_authorization", data=form)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json
    return body


def poll(device: TokenClient, begun: dict[str, Any]) -> Any:
    return device.ask(grant_type=GRANT, device_code=begun["device_code"])


def word(answer: Any) -> str:
    return str(answer.json.get("error", "")) if answer.status_code == 400 else str(answer.status_code)


def unhurried(device: TokenClient) -> None:
    """As if the interval had passed."""
    redis = services_of(device.provider).redis
    for key in redis.scan_iter("idp:device:*:asked"):
        redis.delete(key)


def enter(browser: Browser, begun: dict[str, Any]) -> Any:
    page = browser.open(begun["verification_uri_complete"])
    assert isinstance(page, Page)
    return press(browser, page, "device-submit")


def test_a_device_gets_tokens_when_the_person_said_yes(provider: Provider, device: TokenClient) -> None:
    begun = begin(device)
    assert word(poll(device, begun)) == "authorization_pending"
    browser = open_browser(provider)
    session = log_in(provider, browser, device.person)
    done = allow(browser, enter(browser, begun))
    assert isinstance(done, Page)
    assert "Thiết bị đã đăng nhập" in done.text
    unhurried(device)
    answer = poll(device, begun)
    assert answer.status_code == 200, answer.text
    told = parts(answer.json["id_token"])[1]
    assert told["sid"] == session.session_id
    assert "nonce" not in told
    assert answer.json["refresh_token"]
    unhurried(device)
    assert word(poll(device, begun)) == "expired_token", "the answer is collected once"


def test_a_no_is_told_to_the_device(provider: Provider, device: TokenClient) -> None:
    begun = begin(device)
    browser = open_browser(provider)
    log_in(provider, browser, device.person)
    press(browser, enter(browser, begun), "consent-reject")
    assert word(poll(device, begun)) == "access_denied"


def test_a_device_in_haste_is_slowed_down(device: TokenClient) -> None:
    begun = begin(device)
    assert [word(poll(device, begun)) for _ in range(2)] == ["authorization_pending", "slow_down"]


def test_unknown_foreign_and_old_device_codes_are_expired(provider: Provider, device: TokenClient) -> None:
    begun = begin(device)
    assert word(poll(TokenClient(provider, METADATA), begun)) == "expired_token"
    assert word(poll(device, {"device_code": "A" * 43})) == "expired_token"
    assert word(device.ask(grant_type=GRANT)) == "invalid_request"


def test_user_codes_cannot_be_guessed_in_numbers(provider: Provider) -> None:
    browser = open_browser(provider)
    page = browser.open(f"{provider.settings.issuer}/device")
    assert isinstance(page, Page)
    seen = []
    for _ in range(12):
        answer = press(browser, page, "device-submit", user_code="BBBB-BBBB")
        assert isinstance(answer, Page)
        seen.append(answer.status)
    assert seen[:10] == [400] * 10
    assert seen[10:] == [429, 429]


def test_a_callback_with_a_code_of_another_journey_fails(provider: Provider, device: TokenClient) -> None:
    """An attacker who knows the device code cannot bring it together with somebody's other code."""
    begun = begin(device)
    found = services_of(provider).tokens.device_codes.find_by_user_code(begun["user_code"].replace("-", ""))
    assert found is not None
    code = device.code(redirect_uri=f"{provider.settings.issuer}/device/callback")
    provider.client.get("/device/callback", query_string={"state": found.handle, "code": code})
    assert word(poll(device, begun)) == "access_denied"


def test_only_registered_clients_begin(provider: Provider) -> None:
    other = TokenClient(provider)
    answer = provider.client.post("/device_authorization", data=other.system.form())
    assert word(answer) == "unauthorized_client"
