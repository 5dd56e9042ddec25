"""OpenID Connect Core §5.5: which claims the ``claims`` parameter names, apart from those of scopes."""

from collections.abc import Iterable, Mapping
from typing import Any

from idp.protocol.person_claims import claims_of_scopes

PLACES = ("id_token", "userinfo")
# About the login, not about the person: nobody is asked whether they may be told.
_OF_THE_LOGIN = frozenset({"sub", "acr", "amr", "auth_time", "sid", "nonce", "iss", "aud"})


def asked_claims(claims: Mapping[str, Any], scopes: Iterable[str]) -> tuple[str, ...]:
    """Names of personal claims that no scope asks for already, each once, in alphabetical order."""
    named = {name for place in PLACES for name in claims.get(place) or ()}
    return tuple(sorted(named - _OF_THE_LOGIN - claims_of_scopes(scopes)))


def essential_claims(claims: Mapping[str, Any]) -> frozenset[str]:
    """Those of ``asked_claims`` that the client says it cannot do without (§5.5.1)."""
    named = {
        name
        for place in PLACES
        for name, wanted in (claims.get(place) or {}).items()
        if wanted and wanted.get("essential")
    }
    return frozenset(named - _OF_THE_LOGIN)


def allowed_claims(
    claims: Mapping[str, Any], scopes: Iterable[str], allowed: Iterable[str]
) -> dict[str, Any]:
    """The parameter without the personal claims that the person allowed neither by name nor by scope."""
    kept = _OF_THE_LOGIN.union(allowed, claims_of_scopes(scopes))
    return {
        place: {name: wanted for name, wanted in claims[place].items() if name in kept}
        for place in PLACES
        if claims.get(place)
    }
