"""Pages for people, with a policy of their own: nothing from elsewhere, in no frame, no inline script."""

import orjson
from flask import Response, g, render_template, request

from signsvc.errors import RequestRefused
from signsvc.web.problems import problem_of
from signsvc.web.wire import Parameters

HTML = {200: {"description": "A page.", "content": {"text/html": {"schema": {"type": "string"}}}}}


class LinkPath(Parameters):
    """Of a link that a person opens: mistyped or cut off it opens nothing, and a page says so."""

    handle: str


def page_answer(template: str, status: int = 200, form_target: str = "", **context: object) -> Response:
    """A template as an answer. ``form_target``: where else a form's answer may lead, as CSP sources."""
    answer = Response(render_template(template, **context), status, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
        f"form-action 'self' {form_target}; frame-ancestors 'none'; base-uri 'none'"
    )
    answer.headers["X-Frame-Options"] = "DENY"
    # Nobody else's page may ask for a passkey in this one's name.
    answer.headers["Permissions-Policy"] = "publickey-credentials-get=(self)"
    answer.headers["Content-Language"] = "vi, en"
    return answer


def failed_page(error: Exception, *, signing: bool) -> Response:
    """A person reads a page, its script JSON: both say what to do. ``signing``: that nothing was signed."""
    told = problem_of(error)
    if request.is_json:
        return told
    answer = page_answer(
        "page_failed.html",
        told.status_code,
        problem=told.get_json(),
        request_id=g.request_id,
        signing=signing,
    )
    if "Retry-After" in told.headers:
        answer.headers["Retry-After"] = told.headers["Retry-After"]
    return answer


def authenticator_answer(response: object) -> str:
    """What a page's script posted as ``response``, as the key process takes it. Raises RequestRefused."""
    if not isinstance(response, dict):
        raise RequestRefused("response phải là một đối tượng.", "response must be an object.")
    try:
        return orjson.dumps(response).decode()
    except TypeError as error:
        # Reading goes deeper than writing.
        raise RequestRefused("response lồng quá sâu.", "response is nested too deep.") from error
