"""FAPI 2.0 §5.4.1: PS256, ES256 or EdDSA. Neither none, nor HMAC, nor RSA PKCS #1 v1.5."""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import Attempt
from idp.protocol.compact_jws import CLIENT_ALGORITHMS


def check_algorithm(attempt: Attempt) -> None:
    """RS256 for the baseline profile only; a registered token_endpoint_auth_signing_alg and no other."""
    allowed: tuple[str, ...] = (*CLIENT_ALGORITHMS, "Ed25519")
    if attempt.client is not None:
        registered = attempt.client.metadata.token_endpoint_auth_signing_alg
        if attempt.client.is_baseline(int(attempt.now)):
            allowed = (*allowed, "RS256")
        allowed = (registered,) if registered in allowed else allowed
    if attempt.header.get("alg") not in allowed:
        raise InvalidClient("Sign the assertion with ES256, PS256 or EdDSA.", detail="alg")
