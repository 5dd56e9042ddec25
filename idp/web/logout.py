"""GET and POST /logout (end_session_endpoint, OpenID Connect RP-Initiated Logout 1.0) and its pages."""

from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl

from flask import Blueprint, Response, g, request, session, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError

from idp.errors import TemporarilyUnavailable
from idp.logout.handle_request import LogoutOutcome
from idp.logout.services_of import UNTOLD
from idp.protocol.logout import LogoutRequest, read_logout_request
from idp.protocol.session import Session
from idp.services import Services
from idp.store.logout_deliveries import DEAD, WAITING
from idp.web.page_errors import register_page_errors
from idp.web.pages import page, pages_blueprint, remember_language, see_other
from idp.web.session_cookie import clear_session_cookie, current_session

# What this browser's last logout was about, in the signed cookie of the pages.
_ENDED, _RETURN_TO = "ended_session", "return_to"
FRAMES_SECONDS = 3


def end_session_endpoint(services: Services) -> Blueprint:
    """Public: a relying party sends the person here. Nothing is done that the person did not confirm,
    unless the request proves by an ID token of this very session that it comes from one of its services.
    """
    blueprint = Blueprint("end_session", __name__)
    register_page_errors(blueprint, services.metrics)

    blueprint.register_error_handler(TemporarilyUnavailable, _not_logged_out)

    @blueprint.get("/logout")
    def logout() -> Response:
        held = services.logout.held_requests.find(request.args.get("request", ""))
        return _answer(services, held or _read(lambda: request.args.items(multi=True)))

    @blueprint.post("/logout")
    def logout_by_post() -> Response:
        asked = _read(_posted)
        found = current_session(services)
        if found is None:
            handle = services.logout.held_requests.hold(asked)
            if handle:
                return see_other(url_for("end_session.logout", request=handle))
        return _answer(services, asked, found)

    return blueprint


def logout_pages(services: Services) -> Blueprint:
    """For the person: confirming (form token), and what became of it."""
    blueprint = pages_blueprint("logout_pages", __name__)
    register_page_errors(blueprint, services.metrics)

    blueprint.register_error_handler(TemporarilyUnavailable, _not_logged_out)
    blueprint.register_error_handler(CSRFError, _ask_again)

    @blueprint.post("/logout/confirm")
    def confirm() -> Response:
        asked = LogoutRequest(
            client_id=request.form.get("client_id", ""),
            post_logout_redirect_uri=request.form.get("post_logout_redirect_uri", ""),
            state=request.form.get("state", ""),
        )
        outcome = services.logout.handle(asked, current_session(services), confirmed=True, now=_now(services))
        return _logged_out(services, outcome)

    @blueprint.get("/logout/done")
    def done() -> Response:
        return _done(services)

    return blueprint


def _answer(services: Services, asked: LogoutRequest, found: Session | None = None) -> Response:
    remember_language(asked.ui_locales)
    found = found or current_session(services)
    outcome = services.logout.handle(asked, found, confirmed=False, now=_now(services))
    decided = outcome.decision
    if decided.client is not None:
        g.client_id = decided.client.client_id
        g.logout_doubt = decided.doubt if asked.id_token_hint else "no id_token_hint"
    if found is not None and outcome.decision.confirm:
        # Only what was judged sound goes into the form; it is judged again when it comes back.
        sound = LogoutRequest() if outcome.decision.doubt not in ("", "session") else asked
        return page(
            "logout/confirm.html",
            services=services.logout.services_of(found),
            asked_by=outcome.decision.client,
            kept=sound,
            form_targets=[sound.post_logout_redirect_uri] if sound.post_logout_redirect_uri else [],
        )
    return _logged_out(services, outcome)


def _logged_out(services: Services, outcome: LogoutOutcome) -> Response:
    """Back to the relying party at once, unless pages of others have to be loaded here first.

    On a shared computer not before the person saw that they are still logged in upstream.
    """
    return_to = outcome.decision.return_to
    ended = outcome.ended
    fronts = [each for each in services.logout.services_of(ended) if each.frame] if ended else []
    session.pop(_ENDED, None)
    session.pop(_RETURN_TO, None)
    stay = bool(ended and ended.kiosk and _upstream_logout(services, ended))
    if return_to and not fronts and not stay:
        answer = see_other(return_to)
    else:
        if ended is not None:
            session[_ENDED] = ended.session_id
        if return_to:
            session[_RETURN_TO] = return_to
        answer = see_other(url_for("logout_pages.done"))
    clear_session_cookie(answer, services)
    return answer


def _done(services: Services) -> Response:
    ended = services.sessions.find_by_id(session.get(_ENDED, ""))
    told = services.logout.services_of(ended) if ended else []
    # The frames are loaded once: a reload of this page does not log out twice.
    frames = [each.frame for each in told if each.frame] if "again" not in request.args else []
    return_to = session.get(_RETURN_TO, "")
    upstream_logout = _upstream_logout(services, ended)
    stay = bool(ended and ended.kiosk and upstream_logout)
    answer = page(
        "logout/done.html",
        services=told,
        waiting=[each for each in told if each.state == WAITING],
        dead=[each for each in told if each.state == DEAD],
        untold=[each for each in told if each.state == UNTOLD],
        upstream=ended.upstream if ended else "",
        upstream_logout=upstream_logout,
        frame_uris=frames,
        frames=frames,
        return_to=return_to,
        stay=stay,
    )
    if return_to and not stay:
        # Back by itself when the frames had their moment: no script, and there is a link as well.
        answer.headers["Refresh"] = f"{FRAMES_SECONDS}; url={return_to}"
    return answer


def _upstream_logout(services: Services, ended: Session | None) -> str:
    """Where to end the session at the national system that this one came from, or ""."""
    return_to = f"{services.settings.issuer}/logout/done"
    return services.login.upstreams.end_session_uri(ended.upstream, return_to=return_to) if ended else ""


def _not_logged_out(error: TemporarilyUnavailable) -> Response:
    """Whoever believes to be logged out and is not leaves a session to the next at this computer."""
    g.error, g.error_detail = error.error, error.detail
    answer = page(
        "message.html",
        status=503,
        heading=gettext("Chưa đăng xuất được"),
        text=gettext(
            "Hệ thống tạm thời không trả lời, bạn vẫn đang đăng nhập. Hãy thử lại, hoặc đóng trình duyệt."
        ),
        alert=True,
        link=url_for("end_session.logout"),
        link_text=gettext("Thử lại"),
    )
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _ask_again(_error: CSRFError) -> Response:
    """The form was not ours, or this browser's cookies are gone: nothing was done, ask on a new page."""
    return page(
        "message.html",
        status=400,
        heading=gettext("Hãy xác nhận lại"),
        text=gettext("Trang xác nhận đã cũ. Bạn chưa được đăng xuất."),
        alert=True,
        link=url_for("end_session.logout"),
        link_text=gettext("Đăng xuất"),
    )


def _read(pairs: Callable[[], Iterable[tuple[str, str]]]) -> LogoutRequest:
    """A request that cannot be understood asks for nothing: the person is asked instead, and stays here."""
    try:
        return read_logout_request(pairs())
    except ValueError:
        return LogoutRequest()


def _posted() -> Iterable[tuple[str, str]]:
    """The form, each field as often as it came: Flask's own reading would take the first of two."""
    body = request.get_data(cache=False)
    return parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=32)


def _now(services: Services) -> int:
    return int(services.clock().timestamp())
