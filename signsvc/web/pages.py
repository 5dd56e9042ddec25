"""Pages for people, with a policy of their own: nothing from elsewhere, in no frame, no inline script."""

from flask import Response, render_template


def page_answer(template: str, status: int = 200, form_target: str = "", **context: object) -> Response:
    """A template as an answer. ``form_target``: another origin that a form's answer may lead to."""
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
