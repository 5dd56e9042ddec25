"""SCIM Bulk (RFC 7644 §3.7): requests in one, each for itself; later ones may name what earlier made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from scim2_models import (
    Error,
    InvalidPathException,
    InvalidSyntaxException,
    InvalidValueException,
    PayloadTooLargeException,
    SCIMException,
)

from idp.provisioning.caller import Caller
from idp.provisioning.groups import Groups
from idp.provisioning.resources import MAX_OPERATIONS
from idp.provisioning.users import Users

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


@dataclass(frozen=True, slots=True)
class Bulk:
    users: Users
    groups: Groups

    def __call__(self, caller: Caller, body: Mapping[str, Any], now: int) -> dict[str, Any]:
        """The bulk response. Raises SCIMException for what is wrong with the whole request."""
        operations, fail_on_errors = _read(body)
        made: dict[str, str] = {}
        results: list[dict[str, Any]] = []
        errors = 0
        for operation in operations:
            result = self._perform(caller, operation, made, now)
            results.append(result)
            errors += int(result["status"]) >= 400
            if fail_on_errors and errors >= fail_on_errors:
                break
        return {"schemas": [BULK_RESPONSE], "Operations": results}

    def _perform(self, caller: Caller, operation: Any, made: dict[str, str], now: int) -> dict[str, Any]:
        result = {name: operation[name] for name in ("method", "bulkId") if _is_text(operation, name)}
        try:
            status, resource = self._act(caller, operation, made, now)
        except (SCIMException, ValidationError) as error:
            told = scim_error(error)
            return {**result, "status": str(told.status), "response": told.model_dump()}
        if resource is not None:
            result |= {"location": resource.meta.location, "version": resource.meta.version}
            if status == 201 and "bulkId" in result:
                made[result["bulkId"]] = resource.id
        else:
            result["location"] = f"{self.users.base}/{str(operation['path']).lstrip('/')}"
        return {**result, "status": str(status)}

    def _act(self, caller: Caller, operation: Any, made: dict[str, str], now: int) -> tuple[int, Any]:
        if not _is_text(operation, "path") or not _is_text(operation, "method"):
            raise InvalidSyntaxException(detail="An operation has a method and a path.")
        kind, _, resource_id = operation["path"].lstrip("/").partition("/")
        targets: dict[str, Users | Groups] = {"Users": self.users, "Groups": self.groups}
        target = targets.get(kind)
        if target is None:
            raise InvalidPathException(detail="path starts with /Users or /Groups.")
        resource_id = _resolved(resource_id, made)
        if_match = operation["version"] if _is_text(operation, "version") else ""
        data = _resolved(operation.get("data"), made)
        if operation["method"].upper() != "DELETE" and not isinstance(data, dict):
            raise InvalidValueException(detail="data is missing.")
        acts: dict[str, Callable[[], tuple[int, Any]]] = {
            "PUT": lambda: (200, target.replace(caller, resource_id, data, now, if_match=if_match)),
            "PATCH": lambda: (200, target.patch(caller, resource_id, data, now, if_match=if_match)),
            "DELETE": lambda: (204, target.delete(caller, resource_id, now, if_match=if_match)),
        }
        if operation["method"].upper() == "POST":
            if not _is_text(operation, "bulkId") or resource_id:
                raise InvalidValueException(detail="POST has a bulkId, and a path without id.")
            return 201, target.create(caller, data, now)
        act = acts.get(operation["method"].upper())
        if act is None or not resource_id:
            raise InvalidValueException(
                detail="method is POST, PUT, PATCH or DELETE; all but POST name an id."
            )
        return act()


def scim_error(error: SCIMException | ValidationError) -> Error:
    """RFC 7644 §3.12. Says which attribute, never which value."""
    if isinstance(error, SCIMException):
        return error.to_error()
    return Error.from_validation_errors(error.errors(include_input=False, include_url=False))[0]


def _read(body: Mapping[str, Any]) -> tuple[list[Any], int]:
    operations, limit = body.get("Operations"), body.get("failOnErrors", 0)
    if body.get("schemas") != [BULK_REQUEST] or not isinstance(operations, list):
        raise InvalidSyntaxException(detail=f"The body has schemas [{BULK_REQUEST}] and Operations.")
    if type(limit) is not int or limit < 0:
        raise InvalidSyntaxException(detail="failOnErrors is a number.")
    if len(operations) > MAX_OPERATIONS:
        raise PayloadTooLargeException(detail=f"At most {MAX_OPERATIONS} operations in one request.")
    if not all(isinstance(each, dict) for each in operations):
        raise InvalidSyntaxException(detail="Operations holds objects.")
    return operations, limit


def _is_text(operation: Mapping[str, Any], name: str) -> bool:
    return isinstance(operation.get(name), str) and bool(operation[name])


def _resolved(value: Any, made: Mapping[str, str]) -> Any:
    """``bulkId:x`` becomes the id of what the operation x made. Raises InvalidValueException."""
    if isinstance(value, str) and value.startswith("bulkId:"):
        found = made.get(value.removeprefix("bulkId:"))
        if found is None:
            raise InvalidValueException(detail="A bulkId names no operation that succeeded before this one.")
        return found
    if isinstance(value, list):
        return [_resolved(each, made) for each in value]
    if isinstance(value, dict):
        return {name: _resolved(each, made) for name, each in value.items()}
    return value
