"""The one map from errors to answers (RFC 6749 §5.2). What is not expected says nothing."""

from authlib.oauth2 import OAuth2Error
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from idp.errors import (
    IdpError,
    InsufficientScope,
    InvalidClient,
    InvalidDpopProof,
    InvalidToken,
    UseDpopNonce,
)
from idp.protocol.dpop import DPOP_ALGORITHMS
from idp.web.answer import json_answer
from idp.web.http_refusal import api_refusal
from idp.web.metrics import Metrics
from idp.web.page_errors import error_page
from idp.web.unexpected import note_unexpected

# HTTP's own refusals, before any OAuth rule.
_HTTP_WORDS = {
    404: "There is nothing at this address. See /.well-known/oauth-authorization-server.",
    405: "This method is not allowed here.",
    413: "The request is too large.",
}


def challenge(error: IdpError, realm: str) -> str:
    """RFC 6750 §3, RFC 9449 §7.1: what to bring next time."""
    words = [f'realm="{realm}"']
    # RFC 6750 §3.1: who brought nothing is told no error.
    if not (isinstance(error, InvalidToken) and error.detail == "no token"):
        words.append(f'error="{error.error}"')
    if isinstance(error, InsufficientScope) and error.scope:
        words.append(f'scope="{error.scope}"')
    scheme = "DPoP" if isinstance(error, InvalidDpopProof) else getattr(error, "scheme", "Bearer")
    if scheme == "DPoP":
        words.append(f'algs="{" ".join(DPOP_ALGORITHMS)}"')
    return f"{scheme} {', '.join(words)}"


def register_errors(app: Flask, metrics: Metrics, issuer: str) -> None:
    """Every way out of this app that is not success."""

    @app.errorhandler(OAuth2Error)
    def refused(error: OAuth2Error) -> Response:
        g.error, g.error_detail = error.error, getattr(error, "detail", "")
        metrics.errors.labels(error.error).inc()
        body = {"error": error.error}
        if error.description:
            body["error_description"] = error.description
        answer = json_answer(error.status_code, body)
        if isinstance(error, IdpError) and error.retry_after is not None:
            answer.headers["Retry-After"] = str(error.retry_after)
        if isinstance(error, InvalidClient):
            # RFC 6749 §5.2: in the scheme that the client used; RFC 9110 §15.5.2 wants one in any case.
            answer.headers["WWW-Authenticate"] = f'{error.scheme or "private_key_jwt"} realm="{issuer}"'
        if isinstance(error, InvalidToken | InsufficientScope):
            answer.headers["WWW-Authenticate"] = challenge(error, issuer)
        if isinstance(error, InvalidDpopProof) and error.at_resource:
            answer.status_code = 401
            answer.headers["WWW-Authenticate"] = challenge(error, issuer)
        if isinstance(error, UseDpopNonce):
            answer.headers["DPoP-Nonce"] = error.nonce
        return answer

    @app.errorhandler(HTTPException)
    def http_refused(error: HTTPException) -> Response:
        status = error.code or 500
        g.error, g.error_detail = "http", str(status)
        word = "invalid_request" if status < 500 else "server_error"
        body = {"error": word}
        if status in _HTTP_WORDS:
            body["error_description"] = _HTTP_WORDS[status]
        # A person who mistyped an address is not an integrator.
        page_wanted = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
        answer = (
            api_refusal(issuer, status, error.name)
            or (error_page(f"http_{status}", status) if page_wanted else None)
            or json_answer(status, body)
        )
        for name, value in error.get_headers():
            if name.lower() == "allow":
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        note_unexpected(error, metrics)
        return api_refusal(issuer, 500, "") or json_answer(500, {"error": "server_error"})
