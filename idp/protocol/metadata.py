"""The metadata document (RFC 8414, OpenID Connect Discovery 1.0): only what is true today.

It grows with what is built.
"""

from typing import Any
from urllib.parse import urlsplit

from idp.protocol.authorization_details import ANTIN_SIGN
from idp.protocol.authorize.metadata import authorization_metadata
from idp.protocol.client import (
    AUTHENTICATION_METHODS,
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    REFRESH_TOKEN,
    TOKEN_EXCHANGE,
)
from idp.protocol.compact_jws import CLIENT_ALGORITHMS
from idp.protocol.dpop import DPOP_ALGORITHMS
from idp.protocol.encryption import CONTENT_ALGORITHMS, KEY_ALGORITHMS
from idp.protocol.person_claims import CLAIMS_SUPPORTED, SCOPE_CLAIMS

OUR_ALGORITHMS = ("ES256", "RS256")
GRANT_TYPES = (AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, DEVICE_CODE, TOKEN_EXCHANGE)
OPENID_CONFIGURATION = "/.well-known/openid-configuration"
OAUTH_AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"


def issuer_path(issuer: str) -> str:
    """The issuer's path without its last slash: empty for an issuer at the root of its host."""
    return urlsplit(issuer).path.rstrip("/")


def metadata(issuer: str) -> dict[str, Any]:
    """The document, the same at both well-known places."""
    document: dict[str, Any] = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "registration_endpoint": f"{issuer}/register",
        **authorization_metadata(issuer),
        "end_session_endpoint": f"{issuer}/logout",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "grant_types_supported": list(GRANT_TYPES),
        "authorization_details_types_supported": [ANTIN_SIGN],
        "subject_types_supported": ["pairwise", "public"],
        "id_token_signing_alg_values_supported": list(OUR_ALGORITHMS),
        "id_token_encryption_alg_values_supported": list(KEY_ALGORITHMS),
        "id_token_encryption_enc_values_supported": list(CONTENT_ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(OUR_ALGORITHMS),
        "userinfo_encryption_alg_values_supported": list(KEY_ALGORITHMS),
        "userinfo_encryption_enc_values_supported": list(CONTENT_ALGORITHMS),
        "introspection_signing_alg_values_supported": list(OUR_ALGORITHMS),
        "dpop_signing_alg_values_supported": [*DPOP_ALGORITHMS, "Ed25519"],
        "tls_client_certificate_bound_access_tokens": True,
        "scopes_supported": ["openid", "offline_access", *SCOPE_CLAIMS],
        "claim_types_supported": ["normal"],
        "claims_supported": list(CLAIMS_SUPPORTED),
    }
    for endpoint in ("token", "introspection", "revocation"):
        document[f"{endpoint}_endpoint_auth_methods_supported"] = list(AUTHENTICATION_METHODS)
        # RS256 of baseline clients is accepted and not advertised.
        document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = [
            *CLIENT_ALGORITHMS, "Ed25519",
        ]  # fmt: skip
    return document
