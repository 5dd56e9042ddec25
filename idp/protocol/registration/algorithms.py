"""Which algorithms a client may choose. ``none``, HMAC and RSA1_5 are on no list."""

from idp.errors import InvalidClientMetadata
from idp.protocol.client_metadata import FAPI2, ClientMetadata

FROM_CLIENTS = ("ES256", "PS256", "EdDSA", "Ed25519")
OURS = ("ES256", "RS256")
OURS_FAPI2 = ("ES256",)  # FAPI 2.0 Security Profile §5.4.1 knows no RS256
ENCRYPTION = ("ECDH-ES", "ECDH-ES+A256KW", "RSA-OAEP-256")
CONTENT = ("A256GCM", "A128GCM", "A128CBC-HS256", "A256CBC-HS512")

_SIGNED_BY_US = (
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "authorization_signed_response_alg",
    "introspection_signed_response_alg",
)
_SIGNED_BY_THEM = ("token_endpoint_auth_signing_alg", "request_object_signing_alg")


def check_algorithms(metadata: ClientMetadata) -> None:
    """Raises InvalidClientMetadata, which lists what may be chosen."""
    for name in _SIGNED_BY_US:
        _one_of(metadata, name, OURS_FAPI2 if metadata.profile == FAPI2 else OURS)
    for name in _SIGNED_BY_THEM:
        _one_of(metadata, name, FROM_CLIENTS if metadata.profile == FAPI2 else (*FROM_CLIENTS, "RS256"))
    for kind in ("id_token", "userinfo"):
        _one_of(metadata, f"{kind}_encrypted_response_alg", ENCRYPTION)
        _one_of(metadata, f"{kind}_encrypted_response_enc", CONTENT)
        alone = getattr(metadata, f"{kind}_encrypted_response_enc") and not getattr(
            metadata, f"{kind}_encrypted_response_alg"
        )
        if alone:
            raise InvalidClientMetadata(f"{kind}_encrypted_response_enc needs {kind}_encrypted_response_alg.")


def _one_of(metadata: ClientMetadata, name: str, allowed: tuple[str, ...]) -> None:
    chosen = getattr(metadata, name)
    if chosen and chosen not in allowed:
        raise InvalidClientMetadata(f"{name} may be: {', '.join(allowed)}.")
