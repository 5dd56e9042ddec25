"""Who is there, on the administrators' pages: an administrator with a passkey or a card, or nobody."""

from flask import Response, request
from flask_babel import gettext

from idp.protocol.assurance import acr_satisfies
from idp.services import Services
from idp.web.account.visit import AccountVisit, open_account
from idp.web.own_journey import ask_to_log_in
from idp.web.pages import page

# What an administrator logs in with (login/proofs.py); asked again, because what is shown here is worth it.
ADMIN_ACR = "LoA3"


def open_admin(services: Services, *, json: bool = False) -> AccountVisit | Response:
    """An administrator's visit, or the answer that says why not. ``json``: for a program, no login page."""
    visit = open_account(services)
    if isinstance(visit, Response):
        return Response('{"error":"login_required"}', 401, content_type="application/json") if json else visit
    if not visit.person.is_administrator:
        return page(
            "message.html",
            status=403,
            heading=gettext("Không có quyền"),
            text=gettext("Trang này dành cho quản trị viên của hệ thống định danh."),
            alert=True,
        )
    if not acr_satisfies(visit.session.acr, [ADMIN_ACR]):
        return ask_to_log_in(
            services, request.path, reason="step_up", acr_values=(ADMIN_ACR,), session=visit.session
        )
    return visit


def wants_json() -> bool:
    """The console and scripts ask for JSON by name; a browser does not."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
