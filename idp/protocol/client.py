"""A registered client, as the rules see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.protocol.client_metadata import BASELINE, ClientMetadata
from idp.protocol.compact_jws import VerifyingKey

PRIVATE_KEY_JWT = "private_key_jwt"
TLS_CLIENT_AUTH, SELF_SIGNED_TLS = "tls_client_auth", "self_signed_tls_client_auth"
CLIENT_SECRET_BASIC, CLIENT_SECRET_POST = "client_secret_basic", "client_secret_post"
NO_AUTHENTICATION = "none"
AUTHENTICATION_METHODS = (
    PRIVATE_KEY_JWT, TLS_CLIENT_AUTH, SELF_SIGNED_TLS, CLIENT_SECRET_BASIC, CLIENT_SECRET_POST,
    NO_AUTHENTICATION,
)  # fmt: skip
AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS = (
    "authorization_code",
    "refresh_token",
    "client_credentials",
)
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 -- a grant type
PUSHED_AUTHORIZATION_REQUEST = "pushed_authorization_request"
DEVICE_AUTHORIZATION = "device_authorization"
ENDPOINTS = ("token", "introspection", "revocation", PUSHED_AUTHORIZATION_REQUEST, DEVICE_AUTHORIZATION)


@dataclass(frozen=True, slots=True)
class Client:
    """Who may ask for what. Built once and kept for seconds, so its keys are already imported.

    ``resources``: the ``resource`` values (RFC 8707) it may ask tokens for. ``introspects``: the
    audiences it serves as a resource server. ``credential_ids``: what ``antin_sign`` may name.
    """

    client_id: str
    name: str
    contact: str
    active: bool
    token_algorithm: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    credential_ids: frozenset[str]
    introspects: frozenset[str]
    keys: Mapping[str, VerifyingKey] = field(repr=False)
    encryption_keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    metadata: ClientMetadata = field(default_factory=ClientMetadata)

    def is_baseline(self, now: int) -> bool:
        """Whether the exception from FAPI 2.0 still holds: until ``profile_until``."""
        return self.metadata.profile == BASELINE and now < self.metadata.profile_until

    @property
    def is_public(self) -> bool:
        """Cannot keep a secret: an app on the person's own device (RFC 6749 §2.1)."""
        return self.metadata.token_endpoint_auth_method == "none"  # noqa: S105 -- a method

    # The words of Authlib's ClientMixin.
    def get_client_id(self) -> str:
        return self.client_id

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.metadata.grant_types

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Each endpoint is named: Authlib's own mixin says yes to every one but the token endpoint."""
        return method == self.metadata.token_endpoint_auth_method and endpoint in ENDPOINTS
