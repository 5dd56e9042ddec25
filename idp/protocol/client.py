"""A registered client, as the rules see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from idp.protocol.client_metadata import BASELINE, ClientMetadata
from idp.protocol.compact_jws import VerifyingKey

PRIVATE_KEY_JWT = "private_key_jwt"
CLIENT_CREDENTIALS = "client_credentials"
PUSHED_AUTHORIZATION_REQUEST = "pushed_authorization_request"
ENDPOINTS = ("token", "introspection", "revocation", PUSHED_AUTHORIZATION_REQUEST)


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
        return grant_type == CLIENT_CREDENTIALS

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Each endpoint is named: Authlib's own mixin says yes to every one but the token endpoint."""
        return method == PRIVATE_KEY_JWT and endpoint in ENDPOINTS
