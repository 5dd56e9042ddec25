"""SCIM Users: joiners, movers, and what a personnel system must not do."""

from typing import Any

import orjson
import pytest

from idp.directory.person import Person
from idp.provisioning import users
from idp.store.clients import change_state
from tests.idp.provider import Provider
from tests.idp.provisioning.personnel import ENTERPRISE, USER, Personnel, body, organisation, user


@pytest.fixture
def personnel(provider: Provider) -> Personnel:
    return Personnel(provider)


def test_a_joiner_is_in_the_directory(provider: Provider, personnel: Personnel) -> None:
    answer = personnel.call(
        "POST", "/Users",
        user(
            userName="Lan.Nguyen", externalId="cb-17", title="Chuyên viên", displayName="Nguyễn Thị Lan MẪU",
            emails=[{"value": "lan@example.gov.vn", "primary": True, "type": "work"}],
            **{ENTERPRISE: {"employeeNumber": "17", "department": "Văn phòng"}},
        ),
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    made = body(answer)
    assert answer.headers["Location"] == made["meta"]["location"]
    assert answer.headers["ETag"] == made["meta"]["version"]
    assert made["userName"] == "lan.nguyen"
    assert made["active"] is True
    assert made[ENTERPRISE]["employeeNumber"] == "17"
    person = provider.app.extensions["idp"].people.find(made["id"])
    assert (person.kind, person.state, person.name) == ("official", "active", "Nguyễn Thị Lan MẪU")
    assert person.claims["email"] == "lan@example.gov.vn"
    assert person.claims["email_verified"] is False
    assert person.roles == ()
    assert body(personnel.call("GET", f"/Users/{made['id']}")) == made


def test_the_same_username_twice_is_a_conflict(personnel: Personnel) -> None:
    personnel.joiner(userName="lan")
    answer = personnel.call("POST", "/Users", user(userName="LAN"))
    assert (answer.status_code, body(answer)["scimType"]) == (409, "uniqueness")


@pytest.mark.parametrize(
    "changes",
    [
        {"userName": None}, {"userName": ""}, {"userName": "có"}, {"userName": "a b"}, {"active": "maybe"},
        {"emails": [{"value": "not an address"}]}, {"emails": "x"}, {"schemas": ["urn:other"]},
        {"emails": [{"value": "a@b.vn", "primary": True}, {"value": "c@d.vn", "primary": True}]},
    ],
)  # fmt: skip
def test_a_user_that_is_not_sound_is_refused(personnel: Personnel, changes: dict[str, Any]) -> None:
    answer = personnel.call("POST", "/Users", user(**changes))
    assert answer.status_code == 400, answer.text
    assert body(answer)["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


@pytest.mark.parametrize(
    "extra",
    [
        {"roles": [{"value": "administrator"}]}, {"password": "x"}, {"kind": "citizen"}, {"mandates": []},
        {"personal_number": "001099000001"}, {"entitlements": [{"value": "admin"}]},
    ],
)  # fmt: skip
def test_nobody_is_made_administrator_or_given_a_password_by_scim(
    personnel: Personnel, extra: dict[str, Any]
) -> None:
    assert personnel.call("POST", "/Users", user(**extra)).status_code == 400
    made = personnel.joiner()
    assert personnel.call("PUT", f"/Users/{made['id']}", user(**extra)).status_code == 400
    name, value = next(iter(extra.items()))
    assert (
        personnel.patch(f"/Users/{made['id']}", {"op": "add", "path": name, "value": value}).status_code
        == 400
    )
    assert personnel.patch(f"/Users/{made['id']}", {"op": "add", "value": extra}).status_code == 400


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "id", "value": "x"},
        {"op": "replace", "path": "meta.version", "value": "x"},
        {"op": "add", "path": "groups", "value": [{"value": "H47"}]},
        {"op": "remove", "path": "userName"},
        {"op": "replace", "path": "nothing", "value": 1},
        {"op": "replace", "path": "emails[type eq", "value": 1},
        {"op": "hack", "path": "title", "value": 1},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "x@example.gov.vn"},
        {"op": "remove"},
    ],
)
def test_a_patch_of_what_cannot_be_patched_changes_nothing(
    personnel: Personnel, operation: dict[str, Any]
) -> None:
    made = personnel.joiner()
    answer = personnel.patch(f"/Users/{made['id']}", operation)
    assert answer.status_code == 400, answer.text
    assert body(answer)["scimType"]
    assert body(personnel.call("GET", f"/Users/{made['id']}")) == made


def test_a_patch_reaches_into_lists(personnel: Personnel) -> None:
    made = personnel.joiner(
        emails=[{"value": "a@example.gov.vn", "type": "work"}, {"value": "b@example.vn", "type": "home"}]
    )
    answer = personnel.patch(
        f"/Users/{made['id']}",
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "new@example.gov.vn"},
        {"op": "Add", "path": "title", "value": "Phó phòng"},
        {"op": "remove", "path": 'emails[type eq "home"]'},
    )
    assert answer.status_code == 200, answer.text
    changed = body(answer)
    assert [each["value"] for each in changed["emails"]] == ["new@example.gov.vn"]
    assert changed["title"] == "Phó phòng"
    assert changed["meta"]["version"] != made["meta"]["version"]


def test_a_replacement_forgets_what_it_leaves_out(personnel: Personnel) -> None:
    made = personnel.joiner(title="Chuyên viên", emails=[{"value": "a@example.gov.vn"}])
    answer = personnel.call("PUT", f"/Users/{made['id']}", user(userName=made["userName"]))
    assert answer.status_code == 200, answer.text
    assert "title" not in body(answer)
    assert "emails" not in body(answer)


def test_a_change_of_what_was_changed_meanwhile_is_refused(personnel: Personnel) -> None:
    made = personnel.joiner()
    path, old = f"/Users/{made['id']}", made["meta"]["version"]
    title = {"op": "replace", "path": "title", "value": "A"}
    assert personnel.patch(path, title, If_Match=old).status_code == 200
    assert personnel.patch(path, title | {"value": "B"}, If_Match=old).status_code == 412
    assert personnel.call("DELETE", path, If_Match=old).status_code == 412
    current = personnel.call("GET", path).headers["ETag"]
    assert personnel.call("GET", path, If_None_Match=current).status_code == 304
    assert personnel.patch(path, title | {"value": "B"}, If_Match=current).status_code == 200


def test_attributes_are_chosen(personnel: Personnel) -> None:
    made = personnel.joiner(title="A")
    chosen = body(personnel.call("GET", f"/Users/{made['id']}?attributes=userName"))
    assert set(chosen) == {"schemas", "id", "userName"}
    assert "title" not in body(personnel.call("GET", f"/Users/{made['id']}?excludedAttributes=title"))


def test_citizens_are_not_seen(provider: Provider, personnel: Personnel) -> None:
    people = provider.app.extensions["idp"].people
    citizen = Person(
        "11111111-1111-4111-8111-111111111111", "citizen", "active", "cong.dan", {"name": "X MẪU"}
    )
    people.save(citizen, 1)
    assert personnel.call("GET", f"/Users/{citizen.person_id}").status_code == 404
    assert personnel.call("DELETE", f"/Users/{citizen.person_id}").status_code == 404
    assert personnel.found("/Users") == []
    assert personnel.found("/Users", filter='userName eq "cong.dan"') == []


def test_an_agency_sees_its_own_people_only(provider: Provider) -> None:
    for code in ("H47", "H47.12", "H47.13"):
        organisation(provider, code, code)
    province, health, school = (
        Personnel(provider),
        Personnel(provider, agency="H47.12"),
        Personnel(provider, agency="H47.13"),
    )
    made = health.joiner(userName="bac-si")
    for method in ("GET", "DELETE"):
        assert school.call(method, f"/Users/{made['id']}").status_code == 404
    assert school.call("PUT", f"/Users/{made['id']}", user()).status_code == 404
    assert school.patch(f"/Users/{made['id']}", {"op": "remove", "path": "title"}).status_code == 404
    assert school.found("/Users", filter='userName eq "bac-si"') == []
    assert province.found("/Users") == health.found("/Users") == ["bac-si"]
    take = {"op": "add", "path": "members", "value": [{"value": made["id"]}]}
    assert school.patch("/Groups/H47.13", take).status_code == 400
    assert school.patch("/Groups/H47.12", take).status_code == 404
    assert health.patch("/Groups/H47.12", take).status_code == 200


def test_without_the_scope_nobody_provisions(provider: Provider) -> None:
    other = Personnel(provider, scopes=("read",))
    answer = other.call("GET", "/Users")
    assert (answer.status_code, answer.headers["WWW-Authenticate"].count('scope="scim"')) == (403, 1)
    other.token = ""
    assert other.call("GET", "/Users").status_code == 401
    signing = provider.register(scopes=("scim",))
    other.token = provider.issue(signing)
    assert other.call("GET", "/Users").status_code == 401


def test_a_disabled_system_provisions_no_longer(provider: Provider, personnel: Personnel) -> None:
    with provider.database.writing() as connection:
        change_state(connection, personnel.system.client_id, "disabled", 0)
    assert personnel.call("GET", "/Users").status_code == 401


def test_an_error_quotes_no_personal_data(provider: Provider, personnel: Personnel) -> None:
    answer = personnel.call("POST", "/Users", {"schemas": [USER], "userName": "a", "name": "Bí mật MẪU"})
    assert answer.status_code == 400
    assert "Bí mật" not in answer.text
    assert "Bí mật" not in provider.log.getvalue().decode()


def test_of_two_changes_at_once_one_is_told_that_it_came_too_late(
    personnel: Personnel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one's change comes between the look at If-Match and the write: it is not lost."""
    made = personnel.joiner()
    path, version = f"/Users/{made['id']}", made["meta"]["version"]
    real, calls = users.check_version, []

    def check(resource: Any, if_match: str) -> None:
        real(resource, if_match)
        if not calls:
            calls.append(1)
            other = {"op": "replace", "path": "displayName", "value": "Tên của người kia MẪU"}
            assert personnel.patch(path, other).status_code == 200

    monkeypatch.setattr(users, "check_version", check)
    mine = {"op": "replace", "path": "displayName", "value": "Tên của tôi MẪU"}
    assert personnel.patch(path, mine, If_Match=version).status_code == 412
    assert orjson.loads(personnel.call("GET", path).data)["displayName"] == "Tên của người kia MẪU"
