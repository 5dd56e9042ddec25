"""How an endpoint is declared: method, path, who may call it, how often, with what body.

``check_declared`` refuses an app that has a route without this; the guard in ``web.guard`` enforces it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])
BEARER = "access_token"


@dataclass(frozen=True, slots=True)
class Authentication:
    """``scope``: what an RFC 9068 access token must allow; empty: anybody may call.

    ``or_scope``: another that will do as well.
    """

    scope: str
    or_scope: str = ""

    @property
    def openapi(self) -> list[dict[str, list[str]]]:
        """As a security requirement object."""
        return [{BEARER: [scope]} for scope in (self.scope, self.or_scope) if scope] or [{}]


NO_AUTHENTICATION = Authentication("")
SIGN = Authentication("sign")
# A person's own token: what they approved on our page is named in it.
SIGN_OR_CREDENTIAL = Authentication("sign", or_scope="credential")


@dataclass(frozen=True, slots=True)
class Declared:
    """What the guard reads. ``quota``: a name of quotas.toml, spent once a call; empty: none here."""

    authentication: Authentication
    quota: str
    takes_json: bool


class Endpoints(APIBlueprint):
    """A group of endpoints."""

    def __init__(self, name: str, description: str) -> None:
        tag = Tag(name=name, description=description)
        super().__init__(name, __name__, abp_tags=[tag])

    def offer(
        self,
        method: str,
        rule: str,
        *,
        authentication: Authentication,
        summary: str,
        quota: str = "",
        takes_json: bool = False,
        responses: Mapping[int, type[BaseModel] | dict[str, Any]] | None = None,
        media: dict[str, dict[str, Any]] | None = None,
    ) -> Callable[[View], View]:
        """Register a view. ``media``: the request body's media types, when it is not a model's JSON."""
        extensions = {"requestBody": {"required": True, "content": media}} if media else None

        def register(view: View) -> View:
            view.declared = Declared(authentication, quota, takes_json)  # type: ignore[attr-defined]
            view.authentication = authentication  # type: ignore[attr-defined]
            route: Callable[[View], View] = getattr(self, method.lower())(
                rule,
                summary=summary,
                security=authentication.openapi,
                responses=dict(responses or {}),
                openapi_extensions=extensions,
            )
            return route(view)

        return register


def declared_of(app: Flask, endpoint: str) -> Declared:
    """What an endpoint declared. Raises LookupError when it did not."""
    declared = getattr(app.view_functions[endpoint], "declared", None)
    if declared is None:
        raise LookupError(f"the endpoint {endpoint} does not declare its authentication")
    found: Declared = declared
    return found


def check_declared(app: Flask) -> None:
    """Raise LookupError when a route does not say who may call it."""
    for rule in app.url_map.iter_rules():
        declared_of(app, rule.endpoint)
