"""/device: where a person enters the code of a device (RFC 8628 §3.3), and comes back to after the login.

The login and the consent are those of every authorization request: /device begins a journey whose answer
comes back here instead of to a relying party. Consent is asked for every time, with the client's name on
it, because the code may be one that a stranger sent (§5.4).
"""

from urllib.parse import urlencode

import segno
from flask import Blueprint, Response, g, request
from flask_babel import gettext as _

from idp.errors import TooManyRequests
from idp.protocol.authorization import Authorization
from idp.protocol.authorize.request import AuthorizationRequest, Destination
from idp.protocol.device import address_prefix
from idp.protocol.user_code import read_user_code, shown_user_code
from idp.services import Services
from idp.store.device_codes import DeviceRequest
from idp.web.caller_address import caller_address
from idp.web.journey_cookie import set_journey_cookie
from idp.web.page_errors import register_page_errors
from idp.web.pages import page, pages_blueprint, see_other
from idp.web.session_cookie import current_session

TRIES_A_MINUTE = 10


def device_pages(services: Services) -> Blueprint:
    """Public; what is asked for is decided by the person's session, on the pages that follow."""
    blueprint = pages_blueprint("device", __name__)
    register_page_errors(blueprint, services.metrics)
    codes = services.tokens.device_codes
    callback = f"{services.settings.issuer}/device/callback"

    @blueprint.get("/device")
    def ask() -> Response:
        return _form(services, read_user_code(request.args.get("user_code", "")))

    @blueprint.post("/device")
    def enter() -> Response:
        now = int(services.clock().timestamp())
        if not codes.may_try(address_prefix(caller_address(services)) or "unknown", TRIES_A_MINUTE, now):
            raise TooManyRequests(detail="user codes", retry_after=60)
        typed = read_user_code(request.form.get("user_code", ""))
        found = codes.find_by_user_code(typed) if typed else None
        client = services.clients.find_client(found.client_id) if found else None
        if found is None or client is None or not client.active:
            return _form(services, typed, wrong=True)
        g.client_id = client.client_id
        session = current_session(services)
        journey, cookie = services.journeys.start(
            _request(found, callback, client.metadata.default_acr_values),
            session=session.authentication() if session else None,
            now=now,
        )
        answer = see_other(f"{services.settings.issuer}/authorize/resume/{journey.journey_id}")
        set_journey_cookie(answer, services, journey.journey_id, cookie)
        return answer

    @blueprint.get("/device/callback")
    def back() -> Response:
        handle = request.args.get("state", "")
        found = codes.find(handle)
        code = request.args.get("code", "")
        allowed = services.codes.find(code) if code else None
        if found is None:
            return _said(_("Mã đã hết hạn"), _("Hãy lấy mã mới trên thiết bị rồi nhập lại."), status=400)
        if allowed is None or not _is_for(allowed, found, callback):
            codes.answer(handle, None)
            return _said(_("Đã từ chối"), _("Thiết bị không được cấp quyền. Bạn có thể đóng trang này."))
        redeemed = services.codes.redeem(code, int(services.clock().timestamp()))
        if not isinstance(redeemed, Authorization) or not codes.answer(handle, _for_device(redeemed)):
            return _said(_("Mã đã được dùng"), _("Hãy lấy mã mới trên thiết bị rồi nhập lại."), status=400)
        return _said(_("Thiết bị đã đăng nhập"), _("Hãy quay lại thiết bị. Bạn có thể đóng trang này."))

    return blueprint


def _form(services: Services, code: str, *, wrong: bool = False) -> Response:
    shown = shown_user_code(code) if code else ""
    complete = f"{services.settings.issuer}/device?{urlencode({'user_code': shown})}" if shown else ""
    return page(
        "device/code.html",
        status=400 if wrong else 200,
        code=shown,
        wrong=wrong,
        picture=segno.make(complete, error="m").svg_data_uri(scale=4) if complete and not wrong else "",
    )


def _request(found: DeviceRequest, callback: str, acr_values: tuple[str, ...]) -> AuthorizationRequest:
    """The nonce ties the answer to this very device: a code made for another is worth nothing here."""
    return AuthorizationRequest(
        destination=Destination(found.client_id, callback, found.handle),
        scope=found.scope,
        nonce=found.handle,
        prompts=("consent",),
        acr_values=acr_values,
        resources=found.resources,
        details=found.details,
    )


def _is_for(allowed: Authorization, found: DeviceRequest, callback: str) -> bool:
    return (allowed.client_id, allowed.redirect_uri, allowed.nonce) == (
        found.client_id,
        callback,
        found.handle,
    )


def _for_device(redeemed: Authorization) -> Authorization:
    plain = redeemed.plain()
    return Authorization.from_plain({**plain, "nonce": "", "redirect_uri": ""})


def _said(heading: str, text: str, *, status: int = 200) -> Response:
    return page("message.html", status=status, heading=heading, text=text)
