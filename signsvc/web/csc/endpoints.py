"""How a CSC method is declared: once, for both versions; its failures are the standard's, not problems."""

from collections.abc import Callable
from typing import Any

from flask import Response

from signsvc.web.csc.faults import register_csc_faults
from signsvc.web.endpoints import Authentication, Endpoints

SERVICE = Authentication("service")
# v2.0.0.2 §8.4: the token of a credential authorisation is a bearer for what it authorised.
SERVICE_OR_CREDENTIAL = Authentication("service", or_scope="credential")
View = Callable[[str], Response]
_ANY: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
_DONE: dict[int, dict[str, Any]] = {200: {"description": "As CSC API v1.0.4 or v2.", "content": _ANY}}


class CscEndpoints(Endpoints):
    """A group of methods under /csc/v1 and /csc/v2."""

    def __init__(self, name: str) -> None:
        super().__init__(f"csc_{name}", "The Cloud Signature Consortium's API.")
        register_csc_faults(self)

    def method(
        self,
        name: str,
        *,
        authentication: Authentication = SERVICE,
        quota: str = "reads-per-client",
        versions: tuple[str, ...] = ("v1", "v2"),
        http: tuple[str, ...] = ("POST",),
    ) -> Callable[[View], View]:
        """``view`` is called with the version."""

        def register(view: View) -> View:
            for version in versions:
                for verb in http:
                    self._register(name, version, verb, view, authentication, quota)
            return view

        return register

    def _register(
        self, name: str, version: str, verb: str, view: View, authentication: Authentication, quota: str
    ) -> None:
        takes_json = verb == "POST" and bool(authentication.scope)

        def method() -> Response:
            return view(version)

        method.__name__ = f"{version}_{verb.lower()}_{name.replace('/', '_')}"
        method.__doc__ = view.__doc__
        self.offer(
            verb,
            f"/csc/{version}/{name}",
            authentication=authentication,
            quota=quota,
            takes_json=takes_json,
            summary=f"CSC {version}: {name}",
            responses=_DONE,
            media=_ANY if takes_json else None,
        )(method)
