"""Everything the identity provider refuses or fails with, in the words of the RFCs.

::

    IdpError (an Authlib OAuth2Error)
    ├── InvalidRequest                 malformed, repeated or contradictory parameters
    │   └── JwsRefused                 not a JWS that one of the known keys made
    ├── InvalidClient                  the client did not prove who it is (401)
    ├── UnsupportedGrantType
    ├── InvalidScope
    ├── InvalidTarget                  RFC 8707: the resource is not the client's to ask for
    ├── InvalidAuthorizationDetails    RFC 9396
    ├── InvalidRedirectUri             RFC 7591: a redirect URI that cannot be registered
    ├── InvalidClientMetadata          RFC 7591: other metadata that cannot be registered
    ├── UnapprovedSoftwareStatement    RFC 7591: no software statement is trusted here
    ├── InvalidToken                   RFC 6750: the bearer token is missing, wrong or used up (401)
    ├── InsufficientScope              RFC 6750: a good token that does not allow this (403)
    ├── TooManyRequests                429 with Retry-After
    ├── TemporarilyUnavailable         503 with Retry-After
    │   ├── KeysUnavailable            the key process is away: no token is issued unsigned
    │   ├── ReplayStoreUnavailable     Redis is away: single use cannot be promised
    │   ├── StoreUnavailable           the database is away
    │   ├── SigningServiceUnavailable  what a person approves is shown there, and it is away
    │   └── LoginBusy                  more logins at once than passwords can be hashed
    ├── LoginRefused                   what was shown proves nobody: one answer for every reason
    ├── UpstreamFailed                 the upstream said no, or something that cannot be believed
    ├── RegistrationRefused            (command line) what was to be registered is not sound
    └── DirectoryRefused               a person or organisation that cannot be as it is said to be
        └── DirectoryConflict          its username or number belongs to somebody else

Two voices: ``message`` (the wire's ``error_description``: ASCII without quotes, RFC 6749 §5.2) is for
the caller, ``detail`` for the log. Neither ever carries a token, a key or a parameter's value.
"""

from authlib.oauth2 import OAuth2Error


class IdpError(OAuth2Error):  # type: ignore[misc]  # Authlib has no types
    """The root. Unless a subclass says otherwise it is a ``server_error`` that says nothing."""

    error = "server_error"
    status_code = 500
    default = ""
    retry_after: int | None = None

    def __init__(self, message: str = "", *, detail: str = "", retry_after: int | None = None) -> None:
        super().__init__(description=message or self.default)
        self.detail = detail
        if retry_after is not None:
            self.retry_after = retry_after

    @property
    def message(self) -> str:
        """What the caller is told."""
        return str(self.description)

    def __str__(self) -> str:
        return self.message


class InvalidRequest(IdpError):
    error = "invalid_request"
    status_code = 400


class JwsRefused(InvalidRequest):
    """Not a compact JWS, or not made by the key that should have made it."""


class InvalidClient(IdpError):
    """Client authentication failed. ``scheme``: the HTTP scheme the client tried, if any."""

    error = "invalid_client"
    status_code = 401
    default = "The client or its key is not known here, or the signature does not verify."

    def __init__(self, message: str = "", *, detail: str = "", scheme: str = "") -> None:
        super().__init__(message, detail=detail)
        self.scheme = scheme


class UnsupportedGrantType(IdpError):
    error = "unsupported_grant_type"
    status_code = 400
    default = "Use grant_type=client_credentials."


class InvalidScope(IdpError):
    error = "invalid_scope"
    status_code = 400


class InvalidTarget(IdpError):
    error = "invalid_target"
    status_code = 400


class InvalidAuthorizationDetails(IdpError):
    error = "invalid_authorization_details"
    status_code = 400


class InvalidRedirectUri(IdpError):
    error = "invalid_redirect_uri"
    status_code = 400


class InvalidClientMetadata(IdpError):
    error = "invalid_client_metadata"
    status_code = 400


class UnapprovedSoftwareStatement(IdpError):
    error = "unapproved_software_statement"
    status_code = 400
    default = "Software statements are not supported: leave software_statement out."


class InvalidToken(IdpError):
    """``scheme``: how the token should have come (RFC 6750 §3, RFC 9449 §7.1)."""

    error = "invalid_token"
    status_code = 401
    default = "The access token is missing, wrong, expired or used up."
    scheme = "Bearer"


class InsufficientScope(IdpError):
    error = "insufficient_scope"
    status_code = 403

    def __init__(self, message: str = "", *, scope: str = "", detail: str = "") -> None:
        super().__init__(message or f"The access token needs the scope {scope}.", detail=detail or "scope")
        self.scope = scope


class TooManyRequests(IdpError):
    """The client spent its budget; ``retry_after`` seconds until the next window."""

    error = "temporarily_unavailable"
    status_code = 429
    default = (
        "This client asks too often. Keep tokens until they expire, and retry after Retry-After seconds."
    )


class TemporarilyUnavailable(IdpError):
    error = "temporarily_unavailable"
    status_code = 503
    default = "The service is not available for the moment. Retry after Retry-After seconds."
    retry_after = 2


class KeysUnavailable(TemporarilyUnavailable):
    pass


class ReplayStoreUnavailable(TemporarilyUnavailable):
    pass


class StoreUnavailable(TemporarilyUnavailable):
    pass


class SigningServiceUnavailable(TemporarilyUnavailable):
    pass


class OutboundError(IdpError):
    """``detail`` is one word: url, scheme, address, timeout, connect, tls, protocol, too_large."""


class OutboundRefused(OutboundError):
    pass


class OutboundFailed(OutboundError):
    pass


class LoginBusy(TemporarilyUnavailable):
    pass


class LoginRefused(IdpError):
    """``detail`` says why, for the log and the record; the person is told one thing for all of it."""

    error = "access_denied"
    status_code = 400


class UpstreamFailed(IdpError):
    """``reason``: unavailable, refused, invalid, unknown_person, enterprise_without_person, conflict."""

    error = "access_denied"
    status_code = 502

    def __init__(self, reason: str, *, detail: str = "") -> None:
        super().__init__(detail=f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class RegistrationRefused(IdpError):
    """``message`` is Vietnamese first, then English: a person reads it, the wire never does."""

    def __init__(self, message_vi: str, message_en: str) -> None:
        super().__init__(detail=message_en)
        self.message_vi = message_vi
        self.message_en = message_en

    def __str__(self) -> str:
        return f"{self.message_vi}\n{self.message_en}"


class DirectoryRefused(RegistrationRefused):
    """Two texts, as RegistrationRefused. No text carries a personal number."""


class DirectoryConflict(DirectoryRefused):
    """What must be unique belongs to somebody else."""
