"""The one map from errors to the CSC's ``{error, error_description}`` (v2.0.0.2 §10). Others say nothing."""

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from hsm import client as hsm
from signsvc import errors
from signsvc.pades import errors as pades
from signsvc.usecases.csc_refusal import CscRefused
from signsvc.web.answers import json_answer
from signsvc.web.challenge import challenge_of
from signsvc.web.problems import problem_of

NOT_SUPPORTED = "method not supported"
_REFUSED = (
    pades.DocumentRefused,
    pades.PlacementImpossible,
    errors.RequestRefused,
    errors.StateConflict,
    hsm.ActRefused,
)
_AWAY = (
    errors.Unavailable,
    errors.LeaseLost,
    hsm.TokenError,
    hsm.StoreUnavailable,
    hsm.JournalError,
    hsm.KeyProcessUnavailable,
    pades.InspectionUnavailable,
    pades.LevelUnreachable,
)


def register_not_offered(app: Flask) -> None:
    """501 for what nobody has here. oauth2/… are the identity provider's, at the address that info names."""

    @app.before_request
    def not_offered() -> Response | None:
        if request.routing_exception is None or not request.path.startswith(("/csc/v1/", "/csc/v2/")):
            return None
        g.error = "csc_not_offered"
        return fault(501, "invalid_request", NOT_SUPPORTED)


def register_csc_faults(group: Blueprint) -> None:
    """Every way out of these methods that is not success."""

    @group.errorhandler(HTTPException)
    def refused_by_http(error: HTTPException) -> Response:
        status = error.code or 500
        g.error = f"http_{status}"
        if status >= 500:
            return fault(status, "server_error", "The server failed")
        return fault(status, "invalid_request", error.name)

    @group.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        return fault_of(error)


def fault_of(error: Exception) -> Response:
    """The answer for an error; an unexpected one is a silent 500."""
    g.error, g.error_detail = "csc", str(getattr(error, "detail", "")) or type(error).__name__
    match error:
        case CscRefused():
            answer = fault(error.status, error.error, error.description)
        case errors.LoginRefused():
            answer = _login(error)
        case errors.ScopeRefused():
            answer = fault(403, "access_denied", error.message_en, {"WWW-Authenticate": challenge_of(error)})
        case errors.QuotaExceeded():
            answer = fault(429, "temporarily_unavailable", error.message_en, _retry(error))
        case hsm.QuotaSpent():
            answer = fault(429, "temporarily_unavailable", error.message, _retry(error))
        case hsm.PolicyRefused() | hsm.ApprovalRefused():
            answer = fault(403, "access_denied", error.message)
        case _ if isinstance(error, _AWAY):
            answer = fault(503, "temporarily_unavailable", "Try again later", _retry(error))
        case _ if isinstance(error, _REFUSED):
            answer = fault(400, "invalid_request", str(getattr(error, "message_en", error)))
        case _:
            # Writes to the log where it happened, and never what.
            problem_of(error)
            answer = fault(500, "server_error", "The server failed")
    return answer


def _retry(error: Exception) -> dict[str, str]:
    return {"Retry-After": str(max(1, round(getattr(error, "retry_after", None) or 5)))}


def _login(error: errors.LoginRefused) -> Response:
    header = request.headers.get("Authorization")
    if header is not None and not error.reason:
        return fault(400, "invalid_request", "Malformed authorization header")
    challenge = {"WWW-Authenticate": challenge_of(error)}
    return fault(401, error.reason or "invalid_request", error.message_en, challenge)


def fault(status: int, error: str, description: str, headers: dict[str, str] | None = None) -> Response:
    """``{error, error_description}``."""
    return json_answer({"error": error, "error_description": description}, status, headers)
