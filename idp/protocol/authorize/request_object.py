"""RFC 9101: parameters in a JWT that the client signed. Only what stands in it counts (§6.3).

Message Signing §5.3.1 (and RFC 8725) decide the rest: who made it, for whom, for how long, how signed.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from idp.errors import JwsRefused
from idp.protocol.authorize.asked import Parameters
from idp.protocol.authorize.errors import (
    INVALID_REQUEST_OBJECT,
    AuthorizationRefused,
)
from idp.protocol.client import Client
from idp.protocol.compact_jws import (
    CLIENT_ALGORITHMS,
    UnverifiedJws,
    VerifyingKey,
    check_signature,
    parse_unverified,
)

MAX_CHARACTERS = 64 * 1024
CLOCK_LEEWAY = 10
MAX_LIFETIME = 3600
# RFC 9101 §10.8: what is typed as something else was signed for something else.
_TYPES = ("oauth-authz-req+jwt", "JWT", None)
_CLAIMS_OF_THE_JWT = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})


def verify_request_object(compact: str, client: Client, issuer: str, now: int) -> tuple[Parameters, str]:
    """The parameters that the client signed, and the object's ``jti`` ("" without one).

    Raises AuthorizationRefused: invalid_request_object.
    """
    unverified = _parse(compact)
    # 1 what it says of itself
    if unverified.header.get("typ") not in _TYPES:
        raise _refused("The typ of a request object is oauth-authz-req+jwt.", "typ")
    # 2 whose it is
    _check_signature(unverified, client, now)
    # 3 from here on the claims are the client's own words
    claims = unverified.claims
    if claims.get("client_id") != client.client_id:
        raise _refused("client_id in the request object is not the client's that sent it.", "client_id")
    if "iss" in claims and claims["iss"] != client.client_id:
        raise _refused("iss of the request object must be the client_id.", "iss")
    if "sub" in claims:
        # RFC 9101 §10.8: a client's assertion must not pass for its request.
        raise _refused("A request object has no sub.", "sub")
    # 4 for whom
    audience = claims.get("aud")
    if issuer not in (audience if isinstance(audience, list) else [audience]):
        raise _refused("aud of the request object must include the issuer.", "aud")
    # 5 for how long
    _check_times(claims, required=not client.is_baseline(now), now=now)
    # 6 RFC 9101 §4: it does not lead elsewhere
    if "request" in claims or "request_uri" in claims:
        raise _refused("A request object holds neither request nor request_uri.", "nested")
    jti = claims.get("jti", "")
    return _parameters(claims), jti if isinstance(jti, str) else ""


def _parse(compact: str) -> UnverifiedJws:
    if compact.count(".") == 4:
        raise _refused("Encrypted request objects are not supported: sign it only.", "jwe")
    try:
        return parse_unverified(compact, max_length=MAX_CHARACTERS)
    except JwsRefused as error:
        if compact.endswith("."):
            # request_not_supported would say that signed ones are not taken either.
            raise _refused(
                f"An unsigned request object is not taken: sign it by {', '.join(CLIENT_ALGORITHMS)}.", "none"
            ) from error
        raise _refused("The request object is not a compact JWS with a JSON payload.", "jws") from error


def _check_signature(unverified: UnverifiedJws, client: Client, now: int) -> None:
    algorithm = unverified.header.get("alg")
    # RS256 stands in Core as everybody's default, so the baseline profile lets it in; FAPI 2.0 does not.
    allowed = (*CLIENT_ALGORITHMS, "RS256") if client.is_baseline(now) else CLIENT_ALGORITHMS
    registered = client.metadata.request_object_signing_alg
    if algorithm not in allowed or (registered and algorithm != registered):
        raise _refused(f"Sign the request object with {registered or ', '.join(allowed)}.", "alg")
    for key in _candidates(client, unverified.header.get("kid"), str(algorithm)):
        try:
            check_signature(unverified, key)
        except JwsRefused as error:
            raise _refused("The signature of the request object does not verify.", error.detail) from error
        return
    raise _refused("The request object needs the kid of a key that the client registered.", "kid")


def _candidates(client: Client, kid: object, algorithm: str) -> list[VerifyingKey]:
    """The one key that the header means, with the algorithm that this key may be used with."""
    family = "PS256" if algorithm == "RS256" else algorithm
    fitting = [
        key
        for key in client.keys.values()
        if key.algorithm in (family, algorithm) and (kid is None or key.kid == kid)
    ]
    return [VerifyingKey(key.kid, algorithm, key.key) for key in fitting] if len(fitting) == 1 else []


def _check_times(claims: Mapping[str, Any], *, required: bool, now: int) -> None:
    exp, nbf, iat = (_numeric_date(claims, name) for name in ("exp", "nbf", "iat"))
    if required and (exp is None or nbf is None):
        raise _refused("A request object needs exp and nbf.", "exp and nbf missing")
    if exp is not None and exp + CLOCK_LEEWAY <= now:
        raise _refused("The request object has expired. Check the clock.", "exp past")
    if exp is not None and exp > (nbf if nbf is not None else now) + MAX_LIFETIME + CLOCK_LEEWAY:
        raise _refused("A request object may live for an hour at most.", "exp far")
    if nbf is not None and nbf > now + CLOCK_LEEWAY:
        raise _refused("The request object is not valid yet. Check the clock.", "nbf future")
    if nbf is not None and nbf < now - MAX_LIFETIME - CLOCK_LEEWAY:
        raise _refused("nbf of the request object is more than an hour ago.", "nbf past")
    if iat is not None and iat > now + CLOCK_LEEWAY:
        raise _refused("The request object is from the future. Check the clock.", "iat")


def _numeric_date(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
        raise _refused(f"{name} of the request object must be a number of seconds.", name)
    return value


def _parameters(claims: Mapping[str, Any]) -> Parameters:
    """JSON members as parameters (RFC 9101 §4): numbers and objects as a form would spell them."""
    values: dict[str, str] = {}
    resources: tuple[str, ...] = ()
    for name, value in claims.items():
        if name in _CLAIMS_OF_THE_JWT or value is None or value == "":
            continue
        if name == "resource":
            listed = value if isinstance(value, list) else [value]
            if not all(isinstance(each, str) for each in listed):
                raise _refused("resource in the request object is a string or a list of them.", "resource")
            resources = tuple(listed)
        elif isinstance(value, str):
            values[name] = value
        else:
            values[name] = orjson.dumps(value).decode()
    return Parameters(values, resources)


def _refused(message: str, detail: str) -> AuthorizationRefused:
    return AuthorizationRefused(INVALID_REQUEST_OBJECT, message, detail=f"request object: {detail}")
