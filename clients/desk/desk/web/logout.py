"""Logging out: here, then at the identity provider; and by the provider itself (back-channel)."""

from flask import Blueprint, Response, request, session
from flask_wtf.csrf import CSRFProtect

from desk.errors import LogoutTokenRefused, ProviderUnavailable
from desk.services import Services
from desk.web.pages import page
from desk.web.person import id_token
from desk.web.session_interface import DeskSession

# Longer than any logout token is good for.
SPENT_SECONDS = 600


def logout_pages(services: Services, csrf: CSRFProtect) -> Blueprint:
    """/logout needs the form token; /backchannel-logout the provider's signature."""
    blueprint = Blueprint("logout", __name__)

    @blueprint.post("/logout")
    def logout() -> Response:
        hint = id_token()
        current: DeskSession = session._get_current_object()  # type: ignore[attr-defined]
        current.begin_anew()
        # RP-Initiated Logout by POST: a token has no place in an address.
        return page(
            "logout.html",
            end_session=_end_session(services),
            hint=hint,
            client_id=services.settings.client_id,
            return_to=services.settings.logged_out_uri,
        )

    @blueprint.get("/logged-out")
    def logged_out() -> Response:
        return page("logged_out.html")

    @blueprint.post("/backchannel-logout")
    @csrf.exempt  # type: ignore[untyped-decorator]
    def backchannel_logout() -> Response:
        """OpenID Connect Back-Channel Logout 1.0 §2.5 to §2.8."""
        request.max_content_length = 64 * 1024
        given = request.form.getlist("logout_token")
        try:
            if len(given) != 1:
                raise LogoutTokenRefused("logout_token")
            told = services.verify.logout_token(given[0], now=int(services.clock()))
            if not told.session_id:
                raise LogoutTokenRefused("no sid")
        except LogoutTokenRefused as error:
            return Response(f'{{"error":"invalid_request","error_description":"{error.detail}"}}', 400,
                            content_type="application/json")  # fmt: skip
        if services.sessions.spend(f"logout {told.jti}", seconds=SPENT_SECONDS):
            services.sessions.end_all(told.session_id)
        return Response(status=200)

    return blueprint


def _end_session(services: Services) -> str:
    """Where the single logout is; "" while the provider is away: here the session has ended all the same."""
    try:
        return services.metadata.endpoint("end_session_endpoint")
    except ProviderUnavailable:
        return ""
