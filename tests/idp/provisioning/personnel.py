"""A personnel system under test that speaks SCIM."""

import secrets
from typing import Any

import orjson
from werkzeug.test import TestResponse

from idp.directory.organisation import Organisation
from idp.protocol.client_metadata import ClientMetadata
from tests.idp.provider import ISSUER, Provider

RESOURCE = f"{ISSUER}/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ORGANISATION = "urn:antin:params:scim:schemas:extension:organisation:1.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Personnel:
    """The province's own, unless an ``agency`` or other ``scopes`` are given."""

    def __init__(
        self, provider: Provider, *, agency: str = "", scopes: tuple[str, ...] | None = None
    ) -> None:
        self.provider = provider
        scopes = scopes or (("scim",) if agency else ("scim", "scim.province"))
        self.system = provider.register(
            scopes=scopes, resources=(RESOURCE,), metadata=ClientMetadata(agency=agency)
        )
        self.renew()

    def renew(self) -> None:
        self.token = self.provider.issue(self.system, resource=RESOURCE)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else orjson.dumps(body)
        return self.provider.client.open(
            f"/scim/v2{path}", method=method, data=data, headers=sent, content_type="application/scim+json"
        )

    def joiner(self, **changes: Any) -> dict[str, Any]:
        answer = self.call("POST", "/Users", user(**changes))
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = orjson.loads(answer.data)
        return made

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> TestResponse:
        return self.call("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    def found(self, path: str, **query: str) -> list[str]:
        """userName or displayName of what a query finds."""
        answer = self.provider.client.get(
            f"/scim/v2{path}", query_string=query, headers={"Authorization": f"Bearer {self.token}"}
        )
        assert answer.status_code == 200, answer.text
        resources = orjson.loads(answer.data).get("Resources", [])
        return [each.get("userName") or each["displayName"] for each in resources]


def user(**changes: Any) -> dict[str, Any]:
    return {
        "schemas": [USER],
        "userName": f"mau-{secrets.token_hex(4)}",
        "name": {"formatted": "Nguyễn Văn MẪU", "familyName": "Nguyễn", "givenName": "MẪU"},
        **changes,
    }


def body(answer: TestResponse) -> Any:
    return orjson.loads(answer.data)


def organisation(provider: Provider, code: str, name: str) -> None:
    now = int(provider.clock().timestamp())
    provider.app.extensions["idp"].organisations.save(Organisation(code, name), now)
