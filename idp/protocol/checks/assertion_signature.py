"""RFC 7523 §3: signed by a key that this client registered, with that key's algorithm.

A kid chooses among the client's own keys and nothing else. Without a kid the client must have
exactly one key of that algorithm, so that no choice is left to the message.
"""

from idp.errors import InvalidClient, JwsRefused
from idp.protocol.checks.attempt import Attempt
from idp.protocol.client import Client
from idp.protocol.compact_jws import VerifyingKey, check_signature


def check_assertion_signature(attempt: Attempt) -> None:
    if attempt.client is None:
        raise InvalidClient(detail="client unknown")
    key = _get_key(attempt.client, attempt.header.get("kid"), attempt.header.get("alg"))
    try:
        check_signature(attempt.assertion, key)
    except JwsRefused as error:
        raise InvalidClient(detail=error.detail) from error


def _get_key(client: Client, kid: object, algorithm: object) -> VerifyingKey:
    # RFC 9864: Ed25519 is EdDSA's exact name. RS256 and PS256 use the same kind of key.
    family = {"Ed25519": "EdDSA", "RS256": "PS256"}.get(str(algorithm), algorithm)
    if kid is None:
        fitting = [key for key in client.keys.values() if key.algorithm == family]
        if len(fitting) != 1:
            raise InvalidClient("The header of the assertion needs the kid of its key.", detail="kid missing")
        key: VerifyingKey | None = fitting[0]
    else:
        key = client.keys.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise InvalidClient(detail="kid unknown")
    return VerifyingKey(key.kid, str(algorithm), key.key) if key.algorithm == family else key
