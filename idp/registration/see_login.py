"""From what a client sent and what it was answered to sightings of its self-test. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from idp.protocol.client import AUTHORIZATION_CODE, REFRESH_TOKEN, Client
from idp.registration.judge_self_test import needs_binding, needs_pushed
from idp.registration.self_test_steps import (
    BINDING,
    CLIENT_AUTHENTICATION,
    CODE,
    LAST_ERROR,
    MAX_CODE_SECONDS,
    MIN_STATE,
    NONCE,
    PKCE,
    PUSHED,
    REDIRECT_URI,
    REFRESH,
    SCOPE,
    STATE,
)
from idp.store.self_tests import Sighting

Sightings = dict[str, Sighting]


@dataclass(frozen=True, slots=True)
class Refused:
    """An error answer: its OAuth code, and the provider's own word for the log. Both "" for success."""

    error: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TokenCall:
    """``method``: how the client proved who it is, or "". ``code_age``: seconds, None for an unknown code."""

    grant_type: str
    method: str
    code_age: int | None
    token_type: str


def see_request(asked: Mapping[str, object], client: Client, refused: Refused, now: int) -> Sightings:
    """The parameters of an authorization request, however they came."""
    state = str(asked.get("state") or "")
    redirect_uri = str(asked.get("redirect_uri") or "")
    beyond = [name for name in str(asked.get("scope") or "").split() if name not in client.scopes]
    pkce = bool(asked.get("code_challenge")) and asked.get("code_challenge_method") == "S256"
    return {
        PKCE: Sighting(now, pkce, "S256" if pkce else "missing"),
        STATE: Sighting(now, len(state) >= MIN_STATE, str(len(state))),
        NONCE: Sighting(now, bool(asked.get("nonce")), "" if asked.get("nonce") else "missing"),
        # Accepted: then it is a registered one, whichever port of loopback it names (RFC 8252 §7.3).
        REDIRECT_URI: Sighting(
            now, bool(redirect_uri) and (not refused.error or redirect_uri in client.metadata.redirect_uris)
        ),
        SCOPE: Sighting(now, bool(asked.get("scope")) and not beyond, _names(beyond)),
    }


def see_push(client: Client, refused: Refused, now: int, *, pushed: bool) -> Sightings:
    """``pushed``: this came to /par; else to /authorize, with the parameters in the browser's hands."""
    seen: Sightings = {}
    if pushed and not refused.error:
        seen[PUSHED] = Sighting(now, ok=True)
    elif not pushed and needs_pushed(client.metadata, now):
        seen[PUSHED] = Sighting(now, ok=False, note=refused.detail)
    return seen


def see_token_call(call: TokenCall, client: Client, refused: Refused, now: int) -> Sightings:
    seen: Sightings = {}
    if call.method:
        seen[CLIENT_AUTHENTICATION] = Sighting(now, ok=True, note=call.method)
    if call.grant_type == AUTHORIZATION_CODE:
        if call.code_age is not None:
            seen[CODE] = Sighting(now, call.code_age <= MAX_CODE_SECONDS, f"{call.code_age} s")
        elif refused.error == "invalid_grant":
            seen[CODE] = Sighting(now, ok=False, note=refused.error)
        if refused.detail == "verifier":
            seen[PKCE] = Sighting(now, ok=False, note="code_verifier")
    if call.grant_type == REFRESH_TOKEN:
        seen[REFRESH] = Sighting(now, not refused.error, refused.error)
    if not refused.error and needs_binding(client.metadata, now):
        seen[BINDING] = Sighting(now, ok=True, note="DPoP" if call.token_type == "DPoP" else "mTLS")  # noqa: S105
    return seen


def see_error(where: str, refused: Refused, now: int) -> Sightings:
    """``where``: the endpoint. What a person decides is no error of the client's."""
    if refused.error in ("", "access_denied", "use_dpop_nonce"):
        return {}
    seen = {LAST_ERROR: Sighting(now, ok=False, note=f"{where} {refused.error}")}
    if refused.error == "invalid_client":
        seen[CLIENT_AUTHENTICATION] = Sighting(now, ok=False, note=refused.error)
    if refused.error == "invalid_dpop_proof" or refused.detail == "no certificate":
        seen[BINDING] = Sighting(now, ok=False, note=refused.detail)
    return seen


def _names(scopes: Iterable[str]) -> str:
    return " ".join(scopes)[:200]
