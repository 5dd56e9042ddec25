"""Authlib's AuthorizationServer without a web framework: forms in, (status, body) out, errors raised.

Used of Authlib: the registries of grants, endpoints and client authentication methods, the steps of
``client_credentials``, introspection and revocation, and the error model. Not used: its Flask glue
(reads the query string, takes the first of repeated fields), its token generator (no resource
indicators, keys in memory, logs tokens at DEBUG), its JWT client assertion (see client_authentication).
"""

import logging
from collections.abc import Callable
from typing import Any, NoReturn

from authlib.oauth2 import AuthorizationServer as AuthlibServer
from authlib.oauth2 import OAuth2Error

from idp.errors import UnsupportedGrantType
from idp.grants.client_authentication import ClientAuthentication
from idp.grants.form_request import Form, FormRequest
from idp.protocol.client import DEVICE_AUTHORIZATION, ENDPOINTS, PUSHED_AUTHORIZATION_REQUEST, Client

Answer = tuple[int, dict[str, Any]]


class AuthorizationServer(AuthlibServer):  # type: ignore[misc]  # Authlib has no types
    """One for each app. ``answer_token`` and ``answer_endpoint`` are its two doors."""

    def __init__(
        self, find_client: Callable[[str], Client | None], client_authentication: ClientAuthentication
    ) -> None:
        super().__init__()
        self._find_client = find_client
        self._authentication = client_authentication
        # At DEBUG Authlib logs tokens in clear.
        authlib = logging.getLogger("authlib")
        authlib.setLevel(max(authlib.level, logging.INFO))

    def answer_token(self, request: FormRequest) -> Answer:
        """RFC 6749 §3.2. Raises OAuth2Error (IdpError when the refusal is ours)."""
        answer: Answer = self.create_token_response(request)
        return answer

    def answer_endpoint(self, name: str, request: FormRequest) -> Answer:
        """``introspection`` or ``revocation``. Raises OAuth2Error."""
        answer: Answer = self.create_endpoint_response(name, request)
        return answer

    def authenticate_pushing_client(self, request: FormRequest) -> Client:
        """RFC 9126 §2: as at the token endpoint. Raises InvalidClient and its like."""
        return self.authenticate_client(request, [], PUSHED_AUTHORIZATION_REQUEST)

    def authenticate_device_client(self, request: FormRequest) -> Client:
        """RFC 8628 §3.1: as at the token endpoint. Raises InvalidClient and its like."""
        return self.authenticate_client(request, [], DEVICE_AUTHORIZATION)

    def query_client(self, client_id: str) -> Client | None:
        return self._find_client(client_id)

    def authenticate_client(
        self, request: FormRequest, _methods: list[str], endpoint: str = "token"
    ) -> Client:
        # Authlib tries one method after the other and swallows which one failed and why. Here the client's
        # registration says which one it is, so the ``methods`` of grants and endpoints are not asked.
        if endpoint not in ENDPOINTS:
            raise RuntimeError(f"no client authentication is defined for {endpoint}")
        client, method = self._authentication.authenticate(request, endpoint)
        request.auth_method = method
        request.client = client
        return client

    def get_token_grant(self, request: FormRequest) -> Any:
        for grant, _ in self._token_grants:
            if grant.check_token_endpoint(request):
                return grant(request, self)
        raise UnsupportedGrantType(detail="grant_type")

    def create_oauth2_request(self, request: Form | FormRequest) -> FormRequest:
        return request if isinstance(request, FormRequest) else FormRequest(request)

    def handle_response(self, status: int, body: dict[str, Any], _headers: object) -> Answer:
        return status, body

    def handle_error_response(self, _request: FormRequest, error: OAuth2Error) -> NoReturn:
        """Errors are mapped once, at the edge (web/errors.py)."""
        raise error

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Authlib's signals are not used: the request log tells the same."""
