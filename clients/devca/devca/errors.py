"""What devca refuses, and why.

::

    DevcaError
    ├── RequestRefused            400: the request is wrong; the message says what to do
    │   ├── CsrRefused            the certification request is unreadable, unsigned or weak
    │   └── CertificateNotFound   404: no certificate of this serial number was issued here
    ├── NotAuthorised             401: the bearer secret is missing or wrong
    └── StateUnusable             the directory does not hold what init makes

``str(error)`` is Vietnamese, ``english`` the same in English, ``detail`` is for the log only.
"""


class DevcaError(Exception):
    """The root. Both texts are for the caller, ``detail`` is for the log."""

    status = 500
    code = "devca_error"

    def __init__(self, message: str, english: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.english = english
        self.detail = detail


class RequestRefused(DevcaError):
    """The request is wrong."""

    status = 400
    code = "request_refused"


class CsrRefused(RequestRefused):
    """The certification request is unreadable, not signed by its own key, or its key is weak."""

    code = "csr_refused"


class CertificateNotFound(RequestRefused):
    """No certificate of this serial number was issued here."""

    status = 404
    code = "certificate_not_found"


class NotAuthorised(DevcaError):
    """The bearer secret is missing or wrong."""

    status = 401
    code = "not_authorised"


class StateUnusable(DevcaError):
    """The directory does not hold what ``init`` makes, or was made for another address."""

    status = 503
    code = "state_unusable"
