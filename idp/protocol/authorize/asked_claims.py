"""OpenID Connect Core §5.5: which claims the ``claims`` parameter names, apart from those of scopes."""

from collections.abc import Mapping
from typing import Any

# About the login, not about the person: nobody is asked whether they may be told.
_OF_THE_LOGIN = frozenset({"sub", "acr", "amr", "auth_time", "sid", "nonce", "iss", "aud"})


def asked_claims(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of personal claims, each once, in alphabetical order."""
    named = {name for place in ("id_token", "userinfo") for name in claims.get(place) or ()}
    return tuple(sorted(named - _OF_THE_LOGIN))
