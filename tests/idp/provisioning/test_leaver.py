"""The leaver: what a person had open is closed by the one call that says they left."""

from argparse import Namespace
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from idp.people_commands import run_people
from idp.protocol.assurance import Authentication
from idp.protocol.authorization import Authorization
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.confirmation import Confirmation
from tests.idp.provider import Provider
from tests.idp.provisioning.personnel import Personnel, user

OUT = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
def personnel(provider: Provider) -> Personnel:
    return Personnel(provider)


def log_in(provider: Provider, person_id: str) -> str:
    """A session in which a client with a back-channel got tokens; its cookie."""
    services, now = provider.app.extensions["idp"], int(provider.clock().timestamp())
    metadata = ClientMetadata(backchannel_logout_uri="https://rp.example.gov.vn/logout")
    client = provider.register(metadata=metadata)
    session, cookie = services.sessions.start(
        services.people.find(person_id), acr="LoA2", amr=("pwd", "otp"), upstream="", identity_level="",
        device="", address="127.0.0.1", kiosk=False, now=now,
    )  # fmt: skip
    services.sessions.join(session.session_id, client.client_id, now)
    return str(cookie)


def allowed_offline(person_id: str, now: int) -> Authorization:
    """What outlives sessions: a refresh token with offline_access."""
    authentication = Authentication(person_id, "", now, "LoA2", ("pwd", "otp"))
    return Authorization("rp", authentication, "openid offline_access", now)


def leave(personnel: Personnel, made: dict[str, Any], way: str) -> None:
    path = f"/Users/{made['id']}"
    answer = {
        "patch": lambda: personnel.patch(path, OUT),
        "put": lambda: personnel.call("PUT", path, user(userName=made["userName"], active=False)),
        "delete": lambda: personnel.call("DELETE", path),
    }[way]()
    assert answer.status_code in (200, 204), answer.text


@pytest.mark.parametrize("way", ["patch", "put", "delete"])
def test_a_leaver_has_nothing_open_any_more(provider: Provider, personnel: Personnel, way: str) -> None:
    made = personnel.joiner()
    cookies = [log_in(provider, made["id"]) for _ in range(2)]
    services, now = provider.app.extensions["idp"], int(provider.clock().timestamp())
    assert all(services.sessions.find(cookie, now) for cookie in cookies)
    offline = services.tokens.families.start("family", allowed_offline(made["id"], now), Confirmation(), now)
    assert services.tokens.families.find(offline, now).revoked_at == 0
    leave(personnel, made, way)
    assert services.people.find(made["id"]).state == "left"
    assert [services.sessions.find(cookie, now) for cookie in cookies] == [None, None]
    with provider.database.reading() as connection:
        queued = connection.execute(text("SELECT count(*) FROM logout_delivery")).scalar()
        events = connection.execute(text("SELECT name FROM evidence ORDER BY 1")).scalars().all()
    assert queued == 2
    assert services.tokens.families.find(offline, now).revoked_at == now
    assert events.count("session.ended") == 2
    assert "person.state_changed" in events


def test_a_deleted_username_is_free_for_another_person(provider: Provider, personnel: Personnel) -> None:
    made = personnel.joiner(userName="lan")
    assert personnel.call("DELETE", f"/Users/{made['id']}").status_code == 204
    assert personnel.call("GET", f"/Users/{made['id']}").status_code == 404
    assert personnel.call("DELETE", f"/Users/{made['id']}").status_code == 404
    again = personnel.joiner(userName="lan")
    assert again["id"] != made["id"]
    assert provider.app.extensions["idp"].people.find(made["id"]).state == "left"


def test_somebody_who_comes_back_is_active_again(provider: Provider, personnel: Personnel) -> None:
    made = personnel.joiner()
    path = f"/Users/{made['id']}"
    leave(personnel, made, "patch")
    assert personnel.patch(path, OUT | {"value": True}).status_code == 200
    assert provider.app.extensions["idp"].people.find(made["id"]).state == "active"


def test_who_is_created_inactive_has_left(provider: Provider, personnel: Personnel) -> None:
    made = personnel.joiner(active=False)
    assert provider.app.extensions["idp"].people.find(made["id"]).state == "left"


def test_a_suspension_is_not_undone_by_a_personnel_system(provider: Provider, personnel: Personnel) -> None:
    made = personnel.joiner()
    people = provider.app.extensions["idp"].people
    people.change_state(made["id"], "suspended", 1)
    assert personnel.patch(f"/Users/{made['id']}", OUT | {"value": True}).status_code == 200
    assert people.find(made["id"]).state == "suspended"


def test_what_scim_does_not_know_of_a_person_survives_it(provider: Provider, personnel: Personnel) -> None:
    made = personnel.joiner()
    people = provider.app.extensions["idp"].people
    known = replace(people.find(made["id"]), personal_number="001099000001", roles=("administrator",))
    people.save(known, 1)
    personnel.call("PUT", f"/Users/{made['id']}", user(userName=made["userName"]))
    person = people.find(made["id"])
    assert (person.personal_number, person.roles) == ("001099000001", ("administrator",))


@pytest.mark.parametrize(("act", "state"), [("suspend", "suspended"), ("leave", "left")])
def test_the_command_ends_what_is_open_and_activating_opens_none_of_it(
    provider: Provider, personnel: Personnel, act: str, state: str
) -> None:
    made = personnel.joiner()
    cookie = log_in(provider, made["id"])
    services, now = provider.app.extensions["idp"], int(provider.clock().timestamp())
    offline = services.tokens.families.start("family", allowed_offline(made["id"], now), Confirmation(), now)

    def command(act: str) -> str:
        asked = Namespace(act=act, username=made["userName"])
        return str(run_people(provider.database, provider.settings, asked)["state"])

    assert command(act) == state
    with provider.database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM logout_delivery")).scalar() == 1
        events = connection.execute(text("SELECT name FROM evidence")).scalars().all()
    assert {"session.ended", "person.state_changed"} <= set(events)
    assert command("activate") == "active"
    assert services.sessions.find(cookie, now) is None
    assert services.tokens.families.find(offline, now).revoked_at


def test_two_changes_of_a_title_do_not_undo_a_suspension(provider: Provider, personnel: Personnel) -> None:
    """A suspended person is shown as inactive: carrying that along in another change is no leaving."""
    made = personnel.joiner()
    people, path = provider.app.extensions["idp"].people, f"/Users/{made['id']}"
    people.change_state(made["id"], "suspended", 1)
    title = {"op": "replace", "path": "title", "value": "Chuyên viên chính"}
    for change in (title, OUT | {"value": True}):
        assert personnel.patch(path, change).status_code == 200
        assert people.find(made["id"]).state == "suspended"
