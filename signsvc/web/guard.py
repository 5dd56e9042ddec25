"""What stands before every view, in this order: who calls, how often, and with what kind of body."""

from typing import Any

from flask import Flask, g, request

from signsvc.errors import LoginRefused, MediaTypeRefused, ScopeRefused
from signsvc.limits import Limits
from signsvc.web.bearer import AccessTokens
from signsvc.web.caller import Caller
from signsvc.web.endpoints import Authentication, declared_of
from signsvc.web.holder import Holders
from signsvc.web.places import Places, register_places


def register_guard(
    app: Flask, tokens: AccessTokens, holders: Holders, limits: Limits, places: Places, *, max_json: int
) -> None:
    """Authenticate as each endpoint declared; nothing of a body is read before that."""

    @app.before_request
    def guard() -> None:
        if request.endpoint is None:
            return
        declared = declared_of(app, request.endpoint)
        caller = _authenticate(declared.authentication, tokens, holders)
        if declared.quota:
            limits.spend(declared.quota, caller.client_id if caller else request.remote_addr or "")
            if caller is None:
                places.take()
        if declared.takes_json:
            if not request.is_json:
                raise MediaTypeRefused(
                    "Nội dung phải là JSON: đặt Content-Type: application/json.",
                    "The body must be JSON: set Content-Type: application/json.",
                )
            request.max_content_length = max_json

    register_places(app)

    @app.after_request
    def forget(answer: Any) -> Any:
        g.pop("caller", None)
        return answer


def _authenticate(authentication: Authentication, tokens: AccessTokens, holders: Holders) -> Caller | None:
    if not authentication.scope:
        return None
    # RFC 6750 §2.1 only: a token in a body or a URL ends up in logs.
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    scheme = scheme.lower()
    if scheme not in ("bearer", "dpop") or not credentials:
        raise LoginRefused(
            "Cần mã truy cập: Authorization: Bearer … (hoặc DPoP … kèm bằng chứng).",
            "An access token is needed: Authorization: Bearer … (or DPoP … with a proof).",
            reason="",
        )
    token = credentials.strip()
    claims = tokens.verify_token(token)
    holders.check(
        claims,
        scheme,
        token=token,
        proofs=request.headers.getlist("DPoP"),
        method=request.method,
        path=request.path,
    )
    g.client_id = claims.client_id
    if not {authentication.scope, authentication.or_scope} & claims.scopes:
        raise ScopeRefused(authentication.scope, scheme="DPoP" if claims.jkt else "Bearer")
    caller = Caller(claims.client_id, claims.token_id, token, claims.subject, claims.approval)
    g.caller = caller
    return caller
