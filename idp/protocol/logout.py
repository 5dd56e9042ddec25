"""RP-Initiated Logout 1.0: what a logout request asks, and what may be done about it. Pure rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from idp.errors import JwsRefused
from idp.protocol.client import Client
from idp.protocol.compact_jws import UnverifiedJws
from idp.protocol.session import Session

MAX_HINT_CHARACTERS = 16 * 1024
MAX_STATE_CHARACTERS = 4096
_PARAMETERS = ("id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales")
# What an ID token may say it is; never an access token or a logout token of ours.
_ID_TOKEN_TYPES = (None, "JWT", "jwt")


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """The parameters of §2, "" for what was not sent. ``logout_hint`` names a person, so it is not read."""

    id_token_hint: str = ""
    client_id: str = ""
    post_logout_redirect_uri: str = ""
    state: str = ""
    ui_locales: str = ""


@dataclass(frozen=True, slots=True)
class LogoutHint:
    """Of an ID token that is ours: whose it was. It may have expired (§2)."""

    client_id: str
    subject: str
    session_id: str


@dataclass(frozen=True, slots=True)
class LogoutDecision:
    """``confirm``: ask the person first. ``return_to``: where to send them afterwards, or "".

    ``client``: who asked, as far as that is certain. ``doubt``: one word for the log, or "".
    """

    confirm: bool
    return_to: str = ""
    client: Client | None = None
    doubt: str = ""


def read_logout_request(pairs: Iterable[tuple[str, str]]) -> LogoutRequest:
    """Unknown parameters are ignored; a repeated one is not understood. Raises ValueError."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in _PARAMETERS:
            continue
        if name in found:
            raise ValueError(f"{name} is repeated")
        found[name] = value
    if len(found.get("state", "")) > MAX_STATE_CHARACTERS:
        raise ValueError("state is too long")
    found.pop("logout_hint", None)
    return LogoutRequest(**found)


def hint_of(verified: UnverifiedJws, issuer: str) -> LogoutHint:
    """What an ID token says whose signature was checked. Raises JwsRefused."""
    claims = verified.claims
    if verified.header.get("typ") not in _ID_TOKEN_TYPES:
        raise JwsRefused("The hint is not an ID token.", detail="typ")
    if claims.get("iss") != issuer:
        raise JwsRefused("The hint is not ours.", detail="iss")
    if "events" in claims or not isinstance(claims.get("sub"), str):
        raise JwsRefused("The hint is not an ID token.", detail="sub")
    return LogoutHint(_audience(claims), claims["sub"], str(claims.get("sid") or ""))


def decide_logout(
    request: LogoutRequest,
    hint: LogoutHint | None,
    hint_doubt: str,
    client: Client | None,
    session: Session | None,
    *,
    confirmed: bool = False,
) -> LogoutDecision:
    """What to do. ``client``: the registered one that hint or client_id name, and both name the same.

    1. A hint that is not an ID token of ours, or that contradicts client_id: ask, and stay here.
    2. No hint: anybody can have made this link, so ask (logout CSRF).
    3. A hint of another session: ask, it is not this person's wish.
    4. Return only to a URI that this client registered, character by character.
    """
    doubt = hint_doubt
    if not doubt and request.client_id and (client is None or not client.active):
        doubt = "client_id"
    if not doubt and hint is not None and (client is None or client.client_id != hint.client_id):
        doubt = "audience"
    if doubt:
        return LogoutDecision(confirm=session is not None, doubt=doubt)
    return_to, refused = _return_to(request, client)
    if refused:
        return LogoutDecision(confirm=session is not None, client=client, doubt="post_logout_redirect_uri")
    if confirmed:
        return LogoutDecision(confirm=False, return_to=return_to, client=client)
    if hint is None:
        # Without a session there is nothing to ask, and without a hint nobody to go back to.
        return LogoutDecision(confirm=session is not None, return_to="", client=client)
    if session is not None and hint.session_id != session.session_id:
        return LogoutDecision(confirm=True, client=client, doubt="session")
    return LogoutDecision(confirm=False, return_to=return_to, client=client)


def frontchannel_uri(uri: str, issuer: str, session_id: str) -> str:
    """The registered URI with ``iss`` and ``sid`` (Front-Channel Logout 1.0 §2)."""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'iss': issuer, 'sid': session_id})}"


def _return_to(request: LogoutRequest, client: Client | None) -> tuple[str, bool]:
    uri = request.post_logout_redirect_uri
    if not uri:
        return "", False
    if client is None:
        return "", False
    if uri not in client.metadata.post_logout_redirect_uris:
        return "", True
    if not request.state:
        return uri, False
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'state': request.state})}", False


def _audience(claims: Mapping[str, object]) -> str:
    audience = claims.get("aud")
    if isinstance(audience, str):
        return audience
    if isinstance(audience, list) and len(audience) == 1 and isinstance(audience[0], str):
        return audience[0]
    authorized = claims.get("azp")
    if isinstance(audience, list) and isinstance(authorized, str) and authorized in audience:
        return authorized
    raise JwsRefused("The hint has no one audience.", detail="aud")
