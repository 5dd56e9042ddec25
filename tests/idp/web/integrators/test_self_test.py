"""The self-test of a client's login: what the provider sees while it runs, and what it costs."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.errors import ReplayStoreUnavailable
from idp.protocol.client_metadata import ClientMetadata
from idp.registration.watch_logins import WatchLogins
from idp.store.self_tests import SelfTests
from tests.conformance.oidc.browser import Callback
from tests.idp.grants.token_client import DPOP, TokenClient
from tests.idp.people import Enrolled, enrol
from tests.idp.provider import ISSUER, Provider, parts
from tests.idp.registration.desk import bearer
from tests.idp.relying_party import BASELINE, FAPI2, FIRST_PARTY, RelyingParty, allow, open_browser, type_in
from tests.idp.software_keys import SoftwareKeys
from tests.idp.web.integrators.test_console import ADMIN, BASE, CLERK, Browser
from tests.servers.redis import RunningRedis

RESOURCE = f"{ISSUER}/admin/v1"
STATE = "state-of-sixteen-characters"


@pytest.fixture
def admin(provider: Provider) -> Browser:
    return Browser(provider).log_in(ADMIN, acr="LoA3")


@pytest.fixture
def report(provider: Provider) -> Callable[[str], dict[str, Any]]:
    """The self-test of a client, as programs read it."""
    console = provider.register("console", scopes=("admin",), resources=(RESOURCE,))

    def read(client_id: str) -> dict[str, Any]:
        token = provider.issue(console, resource=RESOURCE)
        answer = provider.client.get(f"/admin/v1/clients/{client_id}/self-test", headers=bearer(token))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json
        return body

    return read


def begin(admin: Browser, client_id: str) -> str:
    page = f"/integrators/clients/{client_id}/self-test"
    answer = admin.post(page, page)
    assert (answer.status_code, answer.location) == (303, page), answer.text
    return page


def states(report: Mapping[str, Any]) -> dict[str, str]:
    return {each["step"]: each["state"] for each in report["steps"]}


def notes(report: Mapping[str, Any]) -> dict[str, str]:
    return {each["step"]: each["note"] for each in report["steps"]}


def log_in(rp: RelyingParty, address: str, person: Enrolled) -> str:
    """Through the pages as a person goes; the code."""
    browser = open_browser(rp.provider)
    answer = type_in(rp.provider, browser, browser.open(address), person)
    if not isinstance(answer, Callback):
        answer = allow(browser, answer)
    assert isinstance(answer, Callback)
    return answer.params["code"]


def ask(rp: RelyingParty, dpop: TokenClient | None = None, /, **fields: str) -> Any:
    headers = dpop.headers() if dpop else {}
    return rp.provider.client.post("/token", data=rp.system.form(**fields), headers=headers)


def redeem(rp: RelyingParty, code: str, dpop: TokenClient | None = None, /, **changes: str) -> Any:
    sound = {"code": code, "redirect_uri": rp.redirect_uri, "code_verifier": rp.verifier}
    return ask(rp, dpop, grant_type="authorization_code", **(sound | changes))


def test_a_sound_baseline_client_is_seen_from_login_to_logout(
    provider: Provider, admin: Browser, report: Callable[[str], dict[str, Any]]
) -> None:
    rp = RelyingParty(provider, BASELINE)
    page = begin(admin, rp.client_id)
    assert set(states(report(rp.client_id)).values()) == {"not_yet"}
    address = rp.address(state=STATE, scope="openid offline_access", prompt="consent")
    code = log_in(rp, address, enrol(provider))
    provider.clock.pass_(seconds=3)
    tokens = redeem(rp, code)
    assert tokens.status_code == 200, tokens.text
    refreshed = ask(rp, grant_type="refresh_token", refresh_token=tokens.json["refresh_token"])
    assert provider.client.get("/userinfo", headers=bearer(refreshed.json["access_token"])).status_code == 200
    provider.client.get("/logout", query_string={"id_token_hint": tokens.json["id_token"]})
    told = report(rp.client_id)
    assert set(states(told).values()) == {"seen"}, told
    assert "pushed" not in states(told)
    assert notes(told)["client_authentication"] == "private_key_jwt"
    assert notes(told)["code"] == "3 s"
    assert told["last_error"] is None
    shown = admin.get(page).text
    assert "0 sai, 0 chưa thấy" in shown
    assert "So nonce trong ID token" in shown
    english = admin.get(f"{page}?lang=en").text
    assert "0 wrong, 0 not yet seen" in english
    assert "must refuse" in english
    for secret in (code, tokens.json["access_token"], STATE):
        assert secret not in shown


def test_a_sound_fapi2_client_pushes_and_binds(
    provider: Provider, admin: Browser, report: Callable[[str], dict[str, Any]]
) -> None:
    rp, key = RelyingParty(provider, FAPI2), TokenClient(provider, DPOP, dpop=True)
    begin(admin, rp.client_id)
    code = log_in(rp, rp.pushed_address(state=STATE), enrol(provider))
    assert redeem(rp, code, key).status_code == 200
    told = report(rp.client_id)
    seen = {step for step, state in states(told).items() if state == "seen"}
    assert seen == {
        "pushed", "pkce", "state", "nonce", "redirect_uri", "scope", "client_authentication", "code",
        "binding",
    }  # fmt: skip
    assert notes(told)["binding"] == "DPoP"
    assert states(told)["refresh"] == "not_yet"


def test_a_signed_request_is_read_inside(
    provider: Provider, admin: Browser, report: Callable[[str], dict[str, Any]]
) -> None:
    rp = RelyingParty(provider, FAPI2)
    begin(admin, rp.client_id)
    signed = rp.request_object(state=STATE)
    form = rp.system.form(client_id=rp.client_id, request=signed)
    assert provider.client.post("/par", data=form).status_code == 201
    assert states(report(rp.client_id))["state"] == "seen"


def test_a_client_that_does_it_wrong_is_told_what_to_mend(
    provider: Provider, admin: Browser, report: Callable[[str], dict[str, Any]]
) -> None:
    rp = RelyingParty(provider, replace(FIRST_PARTY, token_endpoint_auth_method="private_key_jwt"))
    page = begin(admin, rp.client_id)
    code = log_in(rp, rp.address(state=None, nonce=None, scope="openid everything"), enrol(provider))
    provider.clock.pass_(seconds=25)
    assert redeem(rp, code).status_code == 200
    told = report(rp.client_id)
    wrong = {step for step, state in states(told).items() if state == "wrong"}
    assert wrong == {"state", "nonce", "scope", "code"}
    assert (notes(told)["scope"], notes(told)["code"]) == ("everything", "25 s")
    assert all(each["do_vi"] and each["do_en"] for each in told["steps"] if each["state"] == "wrong")
    # Done right the next time, it is right.
    assert redeem(rp, log_in(rp, rp.address(state=STATE), enrol(provider))).status_code == 200
    assert "wrong" not in states(report(rp.client_id)).values()
    assert "Sai" not in admin.get(page).text


def test_a_wrong_secret_is_told_in_the_words_of_the_catalogue(provider: Provider, admin: Browser) -> None:
    metadata = replace(BASELINE, token_endpoint_auth_method="client_secret_basic")
    rp = RelyingParty(provider, metadata)
    page = begin(admin, rp.client_id)
    form = {"grant_type": "authorization_code", "code": "x"}
    answer = provider.client.post("/token", data=form, auth=(rp.client_id, "wrong"))
    assert answer.status_code == 401
    shown = admin.get(f"{page}?lang=en").text
    assert "invalid_client" in shown
    assert "The client could not be authenticated." in shown
    assert "Check the method, the key or secret" in shown


def test_an_expired_code_and_a_request_that_was_not_pushed_are_wrong(
    provider: Provider, admin: Browser, report: Callable[[str], dict[str, Any]]
) -> None:
    rp = RelyingParty(provider, FAPI2)
    begin(admin, rp.client_id)
    provider.client.get("/authorize", query_string=rp.parameters())
    assert states(report(rp.client_id))["pushed"] == "wrong"
    assert redeem(rp, "no-code-of-ours").status_code == 400
    told = report(rp.client_id)
    assert states(told)["code"] == "wrong"
    assert (told["last_error"]["where"], told["last_error"]["error"]) == ("/token", "invalid_grant")


def test_logout_without_a_hint_is_wrong(
    provider: Provider, admin: Browser, report: Callable[[str], dict[str, Any]]
) -> None:
    rp = RelyingParty(provider, BASELINE)
    begin(admin, rp.client_id)
    provider.client.get("/logout", query_string={"client_id": rp.client_id})
    assert notes(report(rp.client_id))["logout"] == "no id_token_hint"


def test_the_page_prepares_the_link_that_begins_the_login(provider: Provider, admin: Browser) -> None:
    uri = "https://one-stop.example.gov.vn/login?from=sso"
    with_link = RelyingParty(provider, replace(BASELINE, initiate_login_uri=uri))
    shown = admin.get(begin(admin, with_link.client_id)).text
    assert f'href="{uri}&amp;iss=https%3A%2F%2Fsso.example.gov.vn"' in shown
    assert "bắt đầu đăng nhập ở hệ thống của bạn" in admin.get(
        begin(admin, RelyingParty(provider).client_id)
    ).text  # fmt: skip


def test_it_ends_after_an_hour_or_when_an_administrator_ends_it(
    provider: Provider, admin: Browser, report: Callable[[str], dict[str, Any]]
) -> None:
    rp = RelyingParty(provider, BASELINE)
    page = begin(admin, rp.client_id)
    other = Browser(provider).log_in(replace(ADMIN, person_id=CLERK.person_id, username="qt2"), acr="LoA3")
    assert "Kết thúc và xóa kết quả" in other.get(page).text
    assert other.post(f"{page}/end", page).status_code == 303
    assert report(rp.client_id) == {"client_id": rp.client_id, "running": False}
    provider.client.get("/authorize", query_string=rp.parameters())
    assert "Bắt đầu tự kiểm tra" in admin.get(page).text
    begin(admin, rp.client_id)
    provider.clock.pass_(seconds=3600)
    assert report(rp.client_id)["running"] is False


def test_nobody_else_and_no_foreign_form_begins_one(
    provider: Provider, admin: Browser, report: Callable[[str], dict[str, Any]]
) -> None:
    client_id = RelyingParty(provider, BASELINE).client_id
    page = f"/integrators/clients/{client_id}/self-test"
    assert admin.http.post(page, base_url=BASE, headers={"Referer": BASE}).status_code == 400
    clerk = Browser(provider).log_in(CLERK)
    assert clerk.get(page).status_code == 403
    assert clerk.post(page, "/account").status_code in (400, 403)
    assert Browser(provider).get(page).status_code == 303
    assert report(client_id)["running"] is False
    assert admin.get("/integrators/clients/nobody/self-test").status_code == 404
    assert provider.client.get(f"/admin/v1/clients/{client_id}/self-test").status_code == 401


def test_without_redis_the_page_says_so(
    tmp_path: Path, own_redis: RunningRedis, shared_keys: SoftwareKeys
) -> None:
    provider = Provider(tmp_path, redis_url=own_redis.url, key_process=shared_keys.target)
    admin = Browser(provider).log_in(ADMIN, acr="LoA3")
    page = begin(admin, RelyingParty(provider, BASELINE).client_id)
    own_redis.stop()
    answer = admin.get(page)
    assert (answer.status_code, bool(answer.headers["Retry-After"])) == (503, True)
    assert "<h1" in answer.text


def test_a_recorder_that_fails_never_fails_a_login(
    provider: Provider, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    rp = RelyingParty(provider, FIRST_PARTY)
    begin(admin, rp.client_id)

    def away(*_args: object) -> None:
        raise ReplayStoreUnavailable(detail="redis: TimeoutError")

    monkeypatch.setattr(SelfTests, "record", away)
    assert redeem(rp, log_in(rp, rp.address(), enrol(provider))).status_code == 200
    lost = [event for event in provider.events() if event.get("self_test")]
    assert {event["self_test"] for event in lost} == {"unseen: ReplayStoreUnavailable"}


def test_without_a_self_test_redis_is_read_once_in_two_seconds(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = SelfTests(provider.app.extensions["idp"].redis)
    reads: list[int] = []
    clock = [time.monotonic()]
    monkeypatch.setattr(tests, "running", lambda now: reads.append(now) or {})
    watch = WatchLogins(tests, lambda: clock[0])
    for _ in range(1000):
        assert not watch.is_any_watched(1)
    assert len(reads) == 1
    clock[0] += 2.1
    assert not watch.is_any_watched(1)
    assert len(reads) == 2


def test_a_delivered_logout_is_read_from_the_record_of_deliveries(
    provider: Provider, admin: Browser, report: Callable[[str], dict[str, Any]]
) -> None:
    metadata: ClientMetadata = replace(FIRST_PARTY, backchannel_logout_uri="https://rp.example.gov.vn/out")
    rp = RelyingParty(provider, metadata)
    begin(admin, rp.client_id)
    tokens = redeem(rp, log_in(rp, rp.address(state=STATE), enrol(provider))).json
    assert states(report(rp.client_id))["backchannel_logout"] == "not_yet"
    services, now = provider.app.extensions["idp"], int(provider.clock().timestamp())
    sid = str(parts(tokens["id_token"])[1]["sid"])
    assert services.end_session(sid, reason="logout", now=now)
    (delivery,) = services.logout.deliveries.claim(now=now, lease=1, limit=10)
    services.logout.deliveries.put_off(delivery, error="http_404", due_at=now)
    told = report(rp.client_id)
    assert (states(told)["backchannel_logout"], notes(told)["backchannel_logout"]) == ("wrong", "http_404")
    (delivery,) = services.logout.deliveries.claim(now=now, lease=1, limit=10)
    assert services.logout.deliveries.finish(delivery, state="delivered", error="", now=now)
    assert states(report(rp.client_id))["backchannel_logout"] == "seen"
