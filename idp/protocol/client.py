"""A registered client, as the rules see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.compact_jws import VerifyingKey

PRIVATE_KEY_JWT = "private_key_jwt"
CLIENT_CREDENTIALS = "client_credentials"
ENDPOINTS = ("token", "introspection", "revocation")


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

    # The words of Authlib's ClientMixin.
    def get_client_id(self) -> str:
        return self.client_id

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == CLIENT_CREDENTIALS

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Each endpoint is named: Authlib's own mixin says yes to every one but the token endpoint."""
        return method == PRIVATE_KEY_JWT and endpoint in ENDPOINTS
