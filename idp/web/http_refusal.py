"""HTTP's own refusals (404, 405, 413) and failures nobody expected, in the words of the API called."""

from flask import Response, request

from idp.protocol.metadata import issuer_path
from idp.web.problem import problem_answer
from idp.web.scim_answer import scim_error_answer

_CODES = {404: "not_found"}


def api_refusal(issuer: str, status: int, words: str) -> Response | None:
    """None outside the APIs that have a form of error of their own."""
    below = issuer_path(issuer)
    if request.path.startswith(f"{below}/admin/v1/"):
        code = _CODES.get(status, "invalid_request" if status < 500 else "server_error")
        return problem_answer(issuer, status, code, words)
    if request.path.startswith(f"{below}/scim/v2/"):
        return scim_error_answer(status, words)
    return None
