"""What the authorization endpoint adds to the metadata document (RFC 8414, Discovery 1.0 §3, RFC 9126 §5)."""

from typing import Any

from idp.protocol.assurance import ACR_LADDER
from idp.protocol.authorize.hints import DISPLAYS
from idp.protocol.authorize.prompt import PROMPTS
from idp.protocol.authorize.request import RESPONSE_MODES
from idp.protocol.compact_jws import CLIENT_ALGORITHMS


def authorization_metadata(issuer: str) -> dict[str, Any]:
    """Only what is true. RS256 request objects of baseline clients are accepted and not advertised."""
    return {
        "authorization_endpoint": f"{issuer}/authorize",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "acr_values_supported": list(ACR_LADDER),
        "prompt_values_supported": list(PROMPTS),
        "display_values_supported": list(DISPLAYS),
        "ui_locales_supported": ["vi", "en"],
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        "require_pushed_authorization_requests": False,
        "request_object_signing_alg_values_supported": list(CLIENT_ALGORITHMS),
        "authorization_signing_alg_values_supported": ["ES256"],
    }
