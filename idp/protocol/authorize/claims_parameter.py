"""OpenID Connect Core §5.5: the claims parameter, and what it says about acr and sub."""

from collections.abc import Mapping
from typing import Any

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.asked_claims import PLACES
from idp.protocol.authorize.errors import INVALID_REQUEST, AuthorizationRefused
from idp.protocol.person_claims import CLAIMS_SUPPORTED, GUARDED
from idp.protocol.strict_json import parse_strict_object

MAX_CHARACTERS = 16 * 1024


def read_claims(asked: Asked) -> dict[str, dict[str, Any]]:
    """``{"id_token": {name: None or {"essential", "value", "values"}}, "userinfo": {…}}``.

    Other members, which Core §5.5 lets extensions define, are ignored; so are claims that we cannot know,
    and those that this client may not: nobody is asked for consent to what will not be told.
    """
    sent = asked.get("claims")
    if not sent:
        return {}
    if len(sent) > MAX_CHARACTERS:
        raise _refused(f"claims is longer than {MAX_CHARACTERS} characters.")
    try:
        parsed = parse_strict_object(sent)
    except ValueError as error:
        raise _refused("claims is not a JSON object without repeated members.") from error
    claims = {place: parsed[place] for place in PLACES if parsed.get(place) is not None}
    for wanted in claims.values():
        if not isinstance(wanted, dict) or not all(map(_is_sound, wanted.values())):
            raise _refused("claims must be as OpenID Connect Core 5.5 shows them.")
    withheld = GUARDED - set(asked.client.metadata.claims_allowed)
    return {
        place: {n: wanted[n] for n in wanted if n in CLAIMS_SUPPORTED and n not in withheld}
        for place, wanted in claims.items()
    }


def acr_claim(claims: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[str, ...], bool]:
    """The acr values that the claims parameter names, and whether they are essential (§5.5.1.1)."""
    wanted = (claims.get("id_token") or {}).get("acr") or {}
    return _values(wanted), bool(wanted.get("essential"))


def sub_claim(claims: Mapping[str, Mapping[str, Any]]) -> str:
    """The one ``sub`` that is wanted (§5.5.1: value), "" when any will do."""
    wanted = (claims.get("id_token") or {}).get("sub") or {}
    values = _values(wanted)
    return values[0] if len(values) == 1 else ""


def _values(wanted: Mapping[str, Any]) -> tuple[str, ...]:
    named = wanted.get("values") or ([wanted["value"]] if "value" in wanted else [])
    return tuple(value for value in named if isinstance(value, str))


def _is_sound(wanted: object) -> bool:
    if wanted is None:
        return True
    return (
        isinstance(wanted, dict)
        and isinstance(wanted.get("essential", False), bool)
        and isinstance(wanted.get("values", []), list)
    )


def _refused(message: str) -> AuthorizationRefused:
    return AuthorizationRefused(INVALID_REQUEST, message, detail="claims")
