"""What a person sees who was refused: the same page again, with one sentence that tells nothing more."""

import re

from flask import Response, g

from idp.errors import LoginBusy, LoginRefused, TooManyRequests
from idp.evidence.event import Event
from idp.login.certificate_login import CertificateRevoked, CertificateUnanswered
from idp.login.passkeys import PasskeyCloned
from idp.web.login.start import next_page
from idp.web.login.visit import Visit

_NO_WORD = re.compile(r"[^A-Za-z0-9.:/+-]+")


def refused_page(
    visit: Visit, error: LoginRefused, method: str, *, username: str = "", word: str = ""
) -> Response:
    """The attempt is in the evidence, the reason in the log."""
    g.error, g.error_detail = "login_refused", error.detail
    _record(visit, "login.failed", {"method": method, "reason": as_word(error.detail)}, error.person_id)
    if isinstance(error, PasskeyCloned | CertificateRevoked):
        kind, reason = (
            ("passkey", "counter") if isinstance(error, PasskeyCloned) else ("certificate", "revoked")
        )
        details = {"kind": kind, "factor_id": error.factor_id, "reason": reason}
        visit.services.evidence.record(
            Event("factor.suspicious", visit.now, person_id=error.person_id, details=details)
        )
    return next_page(visit, status=400, error=word or method, username=username)


def throttled_page(visit: Visit, error: TooManyRequests, method: str, *, username: str = "") -> Response:
    """429, with the seconds to wait; known and unknown accounts alike."""
    g.error, g.error_detail = "login_throttled", error.detail
    scope = error.detail.rpartition(": ")[2]
    _record(
        visit,
        "login.throttled",
        {"method": method, "scope": scope, "retry_after": error.retry_after or 0},
    )
    answer = next_page(visit, status=429, error="throttled", username=username)
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def busy_page(visit: Visit, error: LoginBusy, *, username: str) -> Response:
    """503, with the seconds to wait. The journey goes on: the same page, to be sent again."""
    g.error, g.error_detail = "login_busy", error.detail
    visit.services.metrics.errors.labels("login_busy").inc()
    answer = next_page(visit, status=503, error="busy", username=username)
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def certificate_word(error: LoginRefused) -> str:
    """Of login/errors.html. Told to whoever proved the certificate's key: to plug it in again is no use."""
    if isinstance(error, CertificateRevoked):
        return "certificate_revoked"
    return "certificate_unanswered" if isinstance(error, CertificateUnanswered) else "certificate"


def _record(visit: Visit, name: str, details: dict[str, object], person_id: str = "") -> None:
    visit.services.evidence.record(
        Event(
            name,
            visit.now,
            person_id=person_id or visit.progress.person_id,
            client_id=visit.journey.client_id,
            request_id=g.request_id,
            details=details,
        )
    )


def as_word(detail: str) -> str:
    """A sentence of ours as one word, as the evidence takes it."""
    return _NO_WORD.sub("_", detail).strip("_")[:100]
