"""/login, /callback: single sign-on by the identity provider.

::

    1 a login begins: what it needs to be finished is kept in this browser's session
    2 the answer must belong to a login that this very browser began, and is used once
    3 the code is redeemed, the ID token checked
    4 a session with another cookie begins
"""

from dataclasses import asdict

import orjson
from flask import Blueprint, Response, request, session

from desk.errors import LoginFailed
from desk.provider.authorize import Request
from desk.provider.dpop import new_dpop_key
from desk.services import Services
from desk.web.pages import is_own_path, page, see_other
from desk.web.person import find_person, keep_tokens
from desk.web.session_interface import DeskSession

# Several tabs may be on their way to a login at once.
MAX_UNDER_WAY = 5
SCOPE = "openid profile sign service"
# The name comes with the login, so that the desk asks nobody about people.
CLAIMS = orjson.dumps({"id_token": {"name": None}}).decode()


def login_pages(services: Services) -> Blueprint:
    """Public."""
    blueprint = Blueprint("login", __name__)

    @blueprint.get("/login")
    def login() -> Response:
        wanted = request.args.get("next", "/")
        after = wanted if is_own_path(wanted) else "/"
        if find_person():
            return see_other(after)
        # 1
        key = new_dpop_key()
        parameters = {
            "scope": SCOPE,
            "resource": services.settings.resource,
            "claims": CLAIMS,
            "ui_locales": "vi en",
        }
        asked, address = services.authorize.push(key, services.settings.redirect_uri, parameters)
        under_way = dict(list(session.get("logins", {}).items())[-(MAX_UNDER_WAY - 1) :])
        session["logins"] = under_way | {
            asked.state: {"asked": asdict(asked), "dpop_key": key, "after": after}
        }
        return see_other(address)

    @blueprint.get("/callback")
    def callback() -> Response:
        # 2
        under_way = dict(session.get("logins", {}))
        begun = under_way.pop(request.args.get("state", ""), None)
        if begun is None:
            # A second click, or the way back through the history: whoever is logged in is none the wiser.
            if find_person():
                return see_other("/")
            raise LoginFailed("no such login in this browser")
        session["logins"] = under_way
        if request.args.get("error") == "access_denied":
            return page("login_refused.html", status=403)
        asked = Request(**begun["asked"])
        # 3
        tokens = services.authorize.redeem(asked, request.args, begun["dpop_key"])
        now = services.clock()
        who = services.verify.id_token(
            tokens.id_token, nonce=asked.nonce, access_token=tokens.access_token, now=int(now)
        )
        # 4
        current: DeskSession = session._get_current_object()  # type: ignore[attr-defined]
        current.begin_anew()
        session.update(
            person={"subject": who.subject, "name": who.name, "acr": who.acr},
            sid=who.session_id,
            dpop_key=begun["dpop_key"],
            until=now + services.settings.session_life,
        )
        keep_tokens(tokens)
        return see_other(begun["after"])

    return blueprint
