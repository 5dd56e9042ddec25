"""SCIM Groups: organisations by their code, and movers."""

from typing import Any

import pytest

from tests.idp.provider import Provider
from tests.idp.provisioning.personnel import GROUP, ORGANISATION, Personnel, body, organisation


@pytest.fixture
def personnel(provider: Provider) -> Personnel:
    organisation(provider, "H47", "Tỉnh MẪU")
    organisation(provider, "H47.12", "Sở Y tế MẪU")
    return Personnel(provider)


def group(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "schemas": [GROUP, ORGANISATION],
        "displayName": "Sở MẪU",
        ORGANISATION: {"code": code},
        **changes,
    }


def test_an_organisation_is_known_by_its_code_in_either_order(personnel: Personnel) -> None:
    answer = personnel.call("POST", "/Groups", group("000.00.14.H47", externalId="so-14"))
    assert answer.status_code == 201, answer.text
    made = body(answer)
    assert (made["id"], made[ORGANISATION]["code"]) == ("H47.14", "H47.14")
    assert body(personnel.call("GET", "/Groups/H47.14")) == made
    again = personnel.call("POST", "/Groups", group("H47.14"))
    assert (again.status_code, body(again)["scimType"]) == (409, "uniqueness")


@pytest.mark.parametrize("code", ["", "x", "H47..1", "' OR 1=1", "H47.*"])
def test_a_code_that_is_none_is_refused(personnel: Personnel, code: str) -> None:
    assert personnel.call("POST", "/Groups", group(code)).status_code == 400


def test_a_code_is_never_changed(personnel: Personnel) -> None:
    personnel.call("POST", "/Groups", group("H47.14"))
    answer = personnel.call("PUT", "/Groups/H47.14", group("H47.15"))
    assert (answer.status_code, body(answer)["scimType"]) == (400, "mutability")


def test_a_mover_leaves_one_and_joins_another(provider: Provider, personnel: Personnel) -> None:
    personnel.call("POST", "/Groups", group("H47.14"))
    made = personnel.joiner(title="Chuyên viên")
    add = {"op": "add", "path": "members", "value": [{"value": made["id"]}]}
    assert personnel.patch("/Groups/H47.12", add).status_code == 200
    assert personnel.patch("/Groups/H47.14", add).status_code == 200
    left = personnel.patch("/Groups/H47.12", {"op": "remove", "path": f'members[value eq "{made["id"]}"]'})
    assert left.status_code == 200, left.text
    assert "members" not in body(left)
    found = body(personnel.call("GET", f"/Users/{made['id']}"))
    assert [each["value"] for each in found["groups"]] == ["H47.14"]
    person = provider.app.extensions["idp"].people.find(made["id"])
    assert [(each.organisation, each.organisation_name) for each in person.posts] == [("H47.14", "Sở MẪU")]


def test_an_organisation_with_people_is_not_closed(personnel: Personnel) -> None:
    made = personnel.joiner()
    personnel.patch("/Groups/H47.12", {"op": "add", "path": "members", "value": [{"value": made["id"]}]})
    assert personnel.call("DELETE", "/Groups/H47.12").status_code == 409
    personnel.patch("/Groups/H47.12", {"op": "remove", "path": "members"})
    assert personnel.call("DELETE", "/Groups/H47.12").status_code == 204
    assert personnel.call("GET", "/Groups/H47.12").status_code == 404


def test_a_member_that_is_nobody_changes_nobody(personnel: Personnel) -> None:
    made = personnel.joiner()
    members = [{"value": made["id"]}, {"value": "22222222-2222-4222-8222-222222222222"}]
    answer = personnel.patch("/Groups/H47.12", {"op": "add", "path": "members", "value": members})
    assert (answer.status_code, body(answer)["scimType"]) == (400, "invalidValue")
    assert "groups" not in body(personnel.call("GET", f"/Users/{made['id']}"))


def test_an_agency_keeps_its_own_organisations_only(provider: Provider, personnel: Personnel) -> None:
    health = Personnel(provider, agency="H47.12")
    assert health.call("POST", "/Groups", group("H47.12.1")).status_code == 201
    assert health.call("POST", "/Groups", group("H47.13")).status_code == 400
    assert health.call("GET", "/Groups/H47").status_code == 404
    assert health.found("/Groups") == ["Sở Y tế MẪU", "Sở MẪU"]


def test_a_system_without_an_agency_sees_its_own_people_and_nobody_elses(
    provider: Provider, personnel: Personnel
) -> None:
    """An agency that was forgotten at registration is no key to the province."""
    organisation(provider, "H47.12", "Sở MẪU")
    somebody = personnel.joiner()
    nowhere = Personnel(provider, scopes=("scim",))
    assert nowhere.found("/Users") == nowhere.found("/Groups") == []
    for method, path in (
        ("GET", f"/Users/{somebody['id']}"),
        ("DELETE", f"/Users/{somebody['id']}"),
        ("GET", "/Groups/H47.12"),
        ("DELETE", "/Groups/H47.12"),
    ):
        assert nowhere.call(method, path).status_code == 404
    own = nowhere.joiner()
    assert nowhere.found("/Users") == [own["userName"]]
    assert personnel.call("GET", f"/Users/{somebody['id']}").status_code == 200
    assert personnel.call("GET", "/Groups/H47.12").status_code == 200
