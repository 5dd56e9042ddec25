"""The metadata document (RFC 8414, OpenID Connect Discovery 1.0): only what is true today.

It grows with what is built.
"""

from typing import Any
from urllib.parse import urlsplit

from idp.protocol.authorization_details import ANTIN_SIGN
from idp.protocol.authorize.metadata import authorization_metadata
from idp.protocol.client import CLIENT_CREDENTIALS, PRIVATE_KEY_JWT
from idp.protocol.compact_jws import CLIENT_ALGORITHMS

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
        "grant_types_supported": [CLIENT_CREDENTIALS],
        "authorization_details_types_supported": [ANTIN_SIGN],
    }
    for endpoint in ("token", "introspection", "revocation"):
        document[f"{endpoint}_endpoint_auth_methods_supported"] = [PRIVATE_KEY_JWT]
        document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = list(CLIENT_ALGORITHMS)
    return document
