"""After each answer: what a self-test of the calling client may see in it. Never in the way of a login."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

import orjson
from flask import Flask, Response, g, request

from idp.protocol.client import Client
from idp.registration.see_login import (
    Refused,
    Sightings,
    TokenCall,
    see_error,
    see_push,
    see_request,
    see_token_call,
)
from idp.registration.self_test_steps import LOGOUT, USERINFO
from idp.registration.watch_logins import WatchLogins
from idp.services import Services
from idp.store.self_tests import Sighting

_PUSH, _AUTHORIZE = "par.par", "authorization.authorize"
_TOKEN = ("token.token", "csc_token.token")
_USERINFO, _LOGOUT = "userinfo.userinfo", ("end_session.logout", "end_session.logout_by_post")
_WATCHED = (_PUSH, _AUTHORIZE, "authorization.resume", *_TOKEN, _USERINFO, *_LOGOUT)


def watch_requests(app: Flask, services: Services, watch: WatchLogins) -> None:
    """Before the request log writes its line, which says when a sighting was lost."""

    @app.after_request
    def see(answer: Response) -> Response:
        if request.endpoint not in _WATCHED:
            return answer
        try:
            now = int(services.clock().timestamp())
            if watch.is_any_watched(now):
                _record(services, watch, answer, now)
        except Exception as error:  # noqa: BLE001 -- a lost sighting must never lose a login
            g.self_test = f"unseen: {type(error).__name__}"
        return answer


def _record(services: Services, watch: WatchLogins, answer: Response, now: int) -> None:
    asked = g.get("asked") or {}
    client_id = g.get("client_id") or _named(asked)
    if not client_id or not watch.is_watched(client_id, now):
        return
    client = services.clients.find_client(client_id)
    if client is not None:
        refused = Refused(g.get("error") or "", g.get("error_detail") or "")
        watch.record(client_id, _see(asked, client, answer, refused, now), now)


def _see(asked: Mapping[str, str], client: Client, answer: Response, refused: Refused, now: int) -> Sightings:
    seen: Sightings = {}
    if request.endpoint in (_PUSH, _AUTHORIZE):
        pushed = request.endpoint == _PUSH
        # With /par, only what an authenticated client sent is judged; a request_uri was judged there.
        if "request_uri" not in asked and (g.get("client_id") or not pushed):
            seen |= see_push(client, refused, now, pushed=pushed)
            said = _said(asked, refused)
            seen |= see_request(said, client, refused, now) if said else {}
    elif request.endpoint in _TOKEN:
        seen |= see_token_call(_token_call(asked, answer), client, refused, now)
    elif request.endpoint == _USERINFO and answer.status_code == 200:
        seen[USERINFO] = Sighting(now, ok=True)
    elif request.endpoint in _LOGOUT and "logout_doubt" in g:
        seen[LOGOUT] = Sighting(now, not g.logout_doubt, g.logout_doubt)
    # The route, never the path: a journey's stands in it.
    where = request.url_rule.rule if request.url_rule else ""
    return seen | see_error(where, refused, now)


def _said(asked: Mapping[str, str], refused: Refused) -> Mapping[str, Any]:
    """The parameters, out of the request object (RFC 9101) when there is one that was accepted."""
    if "request" not in asked:
        return asked
    if refused.error:
        return {}
    payload = asked["request"].split(".")[1]
    claims: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _token_call(asked: Mapping[str, str], answer: Response) -> TokenCall:
    call = g.get("token_request")
    body = answer.get_json(silent=True) or {}
    return TokenCall(
        grant_type=asked.get("grant_type", ""),
        method=getattr(call, "auth_method", None) or "",
        code_age=getattr(call, "code_age", None),
        token_type=str(body.get("token_type", "")),
    )


def _named(asked: Mapping[str, str]) -> str:
    """Whom a request names that proved nothing: for telling what went wrong, and nothing else."""
    if asked.get("client_id"):
        return asked["client_id"]
    try:
        if request.authorization is not None and request.authorization.type == "basic":
            return unquote_plus(request.authorization.username or "")
        payload = asked.get("client_assertion", "").split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims.get("sub", ""))
    except (IndexError, ValueError, AttributeError, binascii.Error):
        return ""
