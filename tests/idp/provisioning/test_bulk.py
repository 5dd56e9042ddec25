"""SCIM Bulk."""

from typing import Any

import pytest

from idp.provisioning.resources import MAX_OPERATIONS
from tests.idp.provider import Provider
from tests.idp.provisioning.personnel import PATCH, RESOURCE, Personnel, body, organisation, user

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@pytest.fixture
def personnel(provider: Provider) -> Personnel:
    organisation(provider, "H47", "Tỉnh MẪU")
    return Personnel(provider)


def send(personnel: Personnel, *operations: dict[str, Any], **members: Any) -> list[dict[str, Any]]:
    answer = personnel.call("POST", "/Bulk", {"schemas": [BULK], "Operations": list(operations), **members})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = body(answer)["Operations"]
    return results


def post(bulk_id: str, **changes: Any) -> dict[str, Any]:
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": user(**changes)}


def test_what_one_operation_makes_the_next_may_name(personnel: Personnel) -> None:
    add = {"op": "add", "path": "members", "value": [{"value": "bulkId:a"}]}
    results = send(
        personnel,
        post("a", userName="an"),
        {"method": "PATCH", "path": "/Groups/H47", "data": {"schemas": [PATCH], "Operations": [add]}},
        {"method": "DELETE", "path": "/Users/bulkId:a"},
    )
    assert [each["status"] for each in results] == ["201", "200", "204"]
    assert results[0]["bulkId"] == "a"
    assert results[0]["location"].startswith(f"{RESOURCE}/Users/")
    assert personnel.found("/Users") == []


def test_each_operation_fails_for_itself(personnel: Personnel) -> None:
    results = send(
        personnel,
        post("a", userName="an"),
        post("b", userName="an"),
        post("c", userName="không được"),
        {"method": "PUT", "path": "/Users/nobody", "data": user()},
        {"method": "POST", "path": "/Users", "data": user()},
        {"method": "GET", "path": "/Users/x"},
        {"method": "DELETE", "path": "/Bulk/x"},
        {"method": "DELETE", "path": "/Users/bulkId:z"},
        {"method": "PATCH", "path": "/Users/x"},
        {"method": 1, "path": []},
        post("d", userName="dung"),
    )
    statuses = ["201", "409", "400", "404", "400", "400", "400", "400", "400", "400", "201"]
    assert [each["status"] for each in results] == statuses
    assert all(each["response"]["detail"] for each in results if int(each["status"]) >= 400)


def test_after_so_many_errors_the_rest_is_left(personnel: Personnel) -> None:
    bad = {"method": "DELETE", "path": "/Users/nobody"}
    assert len(send(personnel, bad, bad, bad, post("a"), failOnErrors=2)) == 2


def test_more_operations_than_announced_are_refused(personnel: Personnel) -> None:
    many = [{"method": "DELETE", "path": "/Users/x"}] * (MAX_OPERATIONS + 1)
    answer = personnel.call("POST", "/Bulk", {"schemas": [BULK], "Operations": many})
    assert answer.status_code == 413
    assert personnel.call("POST", "/Bulk", {"schemas": [BULK], "x": "a" * 300_000}).status_code == 413


@pytest.mark.parametrize(
    "sent",
    [{}, {"schemas": [BULK]}, {"schemas": [BULK], "Operations": [1]}, {"schemas": [], "Operations": []}],
)
def test_a_bulk_that_is_none_is_refused(personnel: Personnel, sent: dict[str, Any]) -> None:
    assert personnel.call("POST", "/Bulk", sent).status_code == 400
