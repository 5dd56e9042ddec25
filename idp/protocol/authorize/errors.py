"""How an authorization request is refused: at the relying party's address, or on a page.

::

    IdpError
    ├── AuthorizationRefused   told to the relying party, at its redirect_uri (RFC 6749 §4.1.2.1)
    ├── RefusedAt              the same, with that address
    └── NotRedirectable        told to the person on a page: where to redirect is not known for sure
"""

from idp.errors import IdpError
from idp.protocol.authorize.request import Destination

# RFC 6749 §4.1.2.1
INVALID_REQUEST = "invalid_request"
UNAUTHORIZED_CLIENT = "unauthorized_client"
ACCESS_DENIED = "access_denied"
UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
INVALID_SCOPE = "invalid_scope"
# OpenID Connect Core §3.1.2.6
INTERACTION_REQUIRED = "interaction_required"
LOGIN_REQUIRED = "login_required"
ACCOUNT_SELECTION_REQUIRED = "account_selection_required"
CONSENT_REQUIRED = "consent_required"
INVALID_REQUEST_URI = "invalid_request_uri"
INVALID_REQUEST_OBJECT = "invalid_request_object"
REQUEST_URI_NOT_SUPPORTED = "request_uri_not_supported"
# OpenID Connect Core Error Code unmet_authentication_requirements 1.0
UNMET_AUTHENTICATION_REQUIREMENTS = "unmet_authentication_requirements"


class AuthorizationRefused(IdpError):
    """``error``: one of the words above. ``message`` says to the relying party what to correct."""

    status_code = 400

    def __init__(self, error: str, message: str, *, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.error = error


class NotRedirectable(IdpError):
    """``code``: the page's words are chosen by it. Nobody is redirected: not to an unregistered address.

    ``error`` is what a pushed request is answered with for the same fault.
    """

    status_code = 400

    def __init__(self, code: str, message: str, *, error: str = INVALID_REQUEST) -> None:
        super().__init__(message, detail=code)
        self.error = error
        self.code = code


class RefusedAt(IdpError):
    """A refusal together with the address it belongs to: from here on nothing is said on a page."""

    status_code = 400

    def __init__(self, destination: Destination, refusal: IdpError) -> None:
        super().__init__(refusal.message, detail=refusal.detail)
        self.error = refusal.error
        self.destination = destination
