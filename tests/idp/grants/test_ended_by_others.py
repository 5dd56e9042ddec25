"""Tokens die with what they rest on: the person's state, their consent, their family."""

import pytest

from idp.directory.person import LEFT, SUSPENDED
from idp.protocol.authorize.remembered import Remembered
from idp.provisioning.leave import Leave
from idp.store.evidence import read_of_person
from tests.idp.grants.token_client import TokenClient
from tests.idp.people import Browser, enrol
from tests.idp.provider import SIGNING, Provider
from tests.idp.relying_party import BASELINE, services_of

OFFLINE = "openid email offline_access"


def now(provider: Provider) -> int:
    return int(provider.clock().timestamp())


def active(provider: Provider, token: str) -> bool:
    signing = provider.register(scopes=(), resources=(), introspects=(SIGNING, provider.settings.issuer))
    answer = provider.client.post("/introspect", data=signing.form(token=token))
    assert answer.status_code == 200
    return bool(answer.json["active"])


@pytest.mark.parametrize("state", [SUSPENDED, LEFT])
def test_a_suspended_persons_session_gives_no_code_and_its_tokens_are_dead(
    provider: Provider, state: str
) -> None:
    """An administrator suspends by the command, which knows nothing of sessions."""
    client = TokenClient(provider)
    code, token = client.code(), client.tokens()["access_token"]
    assert active(provider, token)
    services = services_of(provider)
    services.people.change_state(client.person.person_id, state, now(provider))
    assert not services.sessions.join(client.session.session_id, client.client_id, now(provider))
    assert client.redeem(code).status_code == 400
    assert not active(provider, token)
    assert client.userinfo(token).status_code == 401


def test_a_token_without_a_session_dies_with_its_family(provider: Provider) -> None:
    """Offline access: there is no session whose end would tell."""
    client = TokenClient(provider, BASELINE)
    services = services_of(provider)
    refresh_token = client.tokens(scope=OFFLINE)["refresh_token"]
    services.end_session(client.session.session_id, reason="logout", now=now(provider))
    token = client.refresh(refresh_token).json["access_token"]
    assert active(provider, token)
    services.tokens.families.revoke_person(client.person.person_id, "left", now(provider))
    assert not active(provider, token)


def test_who_leaves_leaves_no_living_token(provider: Provider) -> None:
    client = TokenClient(provider, BASELINE)
    services = services_of(provider)
    token = client.tokens(scope=OFFLINE)["access_token"]
    leave = Leave(services.people, services.end_session, services.evidence, services.tokens.families)
    leave(client.person.person_id, by="administrator", now=now(provider))
    assert not active(provider, token)


def test_a_consent_that_is_withdrawn_takes_the_tokens_with_it(provider: Provider) -> None:
    client, person = TokenClient(provider, BASELINE), enrol(provider)
    client.person = person.person
    browser = Browser(provider)
    browser.login(person)
    services = services_of(provider)
    [client.session] = services.sessions.of_person(person.person_id, now(provider))
    given = Remembered(frozenset(OFFLINE.split()), frozenset(), frozenset())
    services.consents.remember(person.person_id, client.client_id, given, now(provider))
    tokens = client.tokens(scope=OFFLINE)
    browser.get("/account/services")
    browser.post("/account/services/revoke", client_id=client.client_id)
    assert client.refresh(tokens["refresh_token"]).status_code == 400
    assert not active(provider, tokens["access_token"])
    with provider.database.reading() as connection:
        [told] = read_of_person(connection, person.person_id, ("consent.revoked",), before=0, limit=9)
    assert told.event.details == {"scopes": sorted(OFFLINE.split()), "claims": []}


def test_this_was_not_me_ends_offline_access_too(provider: Provider) -> None:
    """What a stranger took along must not outlive the session that they took it from."""
    client, person = TokenClient(provider, BASELINE), enrol(provider)
    client.person = person.person
    Browser(provider).login(person)
    services = services_of(provider)
    [client.session] = services.sessions.of_person(person.person_id, now(provider))
    refresh_token = client.tokens(scope=OFFLINE)["refresh_token"]
    provider.clock.pass_(seconds=31)
    owner = Browser(provider)
    owner.login(person)
    page = owner.get("/account/history")
    event_id = page.text.rpartition('name="event_id" value="')[2].partition('"')[0]
    owner.post("/account/history/disown", event_id=event_id)
    assert client.refresh(refresh_token).status_code == 400


def test_a_changed_password_ends_offline_access_and_keeps_this_sessions_tokens(provider: Provider) -> None:
    client, person = TokenClient(provider, BASELINE), enrol(provider)
    client.person = person.person
    owner = Browser(provider)
    owner.login(person)
    [client.session] = services_of(provider).sessions.of_person(person.person_id, now(provider))
    offline = client.tokens(scope=OFFLINE)["refresh_token"]
    here = client.tokens(scope="openid")["refresh_token"]
    owner.get("/account/factors")
    page = owner.post("/account/factors/password", new_password="con cò bay lả bay la")
    assert "Đã đổi mật khẩu" in page.text
    assert client.refresh(offline).status_code == 400
    assert client.refresh(here).status_code == 200
