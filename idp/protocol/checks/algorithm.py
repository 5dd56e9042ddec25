"""FAPI 2.0 §5.4.1: PS256, ES256 or EdDSA. Neither none, nor HMAC, nor RSA PKCS #1 v1.5."""

from idp.errors import InvalidClient
from idp.protocol.checks.attempt import Attempt
from idp.protocol.compact_jws import CLIENT_ALGORITHMS


def check_algorithm(attempt: Attempt) -> None:
    if attempt.header.get("alg") not in CLIENT_ALGORITHMS:
        raise InvalidClient("Sign the assertion with ES256, PS256 or EdDSA.", detail="alg")
