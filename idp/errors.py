"""Everything the identity provider refuses or fails with, in the words of the RFCs.

::

    IdpError (an Authlib OAuth2Error)
    ├── InvalidRequest                 malformed, repeated or contradictory parameters
    │   ├── JwsRefused                 not a JWS that one of the known keys made
    │   └── ReportRefused              transactions that cannot be taken as they are reported
    ├── InvalidClient                  the client did not prove who it is (401)
    ├── UnsupportedGrantType
    ├── UnauthorizedClient             not a grant this client is registered for
    ├── InvalidGrant                   the code, refresh token or subject token is no good (any more)
    ├── InvalidDpopProof               RFC 9449: no proof that the caller holds the key
    │   └── UseDpopNonce               the same, for want of our nonce: it comes with the answer
    ├── AuthorizationPending           RFC 8628: the person has not answered yet
    │   └── SlowDown                   and the device asks too often
    ├── AccessDenied                   RFC 8628: the person said no
    ├── ExpiredToken                   RFC 8628: the device code ran out
    ├── InvalidScope
    ├── InvalidTarget                  RFC 8707: the resource is not the client's to ask for
    ├── InvalidAuthorizationDetails    RFC 9396
    ├── InvalidRedirectUri             RFC 7591: a redirect URI that cannot be registered
    ├── InvalidClientMetadata          RFC 7591: other metadata that cannot be registered
    ├── UnapprovedSoftwareStatement    RFC 7591: no software statement is trusted here
    ├── InvalidToken                   RFC 6750: the bearer token is missing, wrong or used up (401)
    ├── InsufficientScope              RFC 6750: a good token that does not allow this (403)
    ├── IdempotencyMismatch            422: the Idempotency-Key came with another request before
    ├── RequestInProgress              409 with Retry-After: the request of this key is at work
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
    │   ├── ClientUnknown              there is no such client
    │   └── ClientExists               there is one already
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


class ReportRefused(InvalidRequest):
    """A report of transactions that is not taken, in both languages; ``message`` is the English."""

    def __init__(self, message_vi: str, message_en: str, *, detail: str) -> None:
        super().__init__(message_en, detail=detail)
        self.message_vi = message_vi


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
    default = "This grant_type is not offered: see grant_types_supported of the metadata document."


class UnauthorizedClient(IdpError):
    error = "unauthorized_client"
    status_code = 400
    default = "This client is not registered for that grant_type."


class InvalidGrant(IdpError):
    """One answer for unknown, used, expired and another client's: ``detail`` tells them apart."""

    error = "invalid_grant"
    status_code = 400
    default = "The code or token is not good, or not any more, or not this client's."


class InvalidDpopProof(IdpError):
    """``at_resource``: with an access token, where it is a 401 with a challenge (RFC 9449 §7.1)."""

    error = "invalid_dpop_proof"
    status_code = 400
    at_resource = False


class UseDpopNonce(InvalidDpopProof):
    """``nonce``: for the next proof (RFC 9449 §8)."""

    error = "use_dpop_nonce"
    default = "Put the nonce of the DPoP-Nonce header into the proof and try again."

    def __init__(self, nonce: str) -> None:
        super().__init__(detail="nonce")
        self.nonce = nonce


class AuthorizationPending(IdpError):
    error = "authorization_pending"
    status_code = 400
    default = "The person has not answered yet: ask again after the interval."


class SlowDown(AuthorizationPending):
    error = "slow_down"
    default = "Ask less often: wait five seconds longer between two requests from now on."


class AccessDenied(IdpError):
    error = "access_denied"
    status_code = 400
    default = "The person said no."


class ExpiredToken(IdpError):
    error = "expired_token"
    status_code = 400
    default = "The device code ran out: begin again."


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

    def __init__(self, message: str = "", *, detail: str = "", scheme: str = "bearer") -> None:
        super().__init__(message, detail=detail)
        self.scheme = {"dpop": "DPoP"}.get(scheme.lower(), "Bearer")


class InsufficientScope(IdpError):
    error = "insufficient_scope"
    status_code = 403

    def __init__(self, message: str = "", *, scope: str = "", detail: str = "") -> None:
        super().__init__(message or f"The access token needs the scope {scope}.", detail=detail or "scope")
        self.scope = scope


class IdempotencyMismatch(IdpError):
    error = "idempotency_key_reused"
    status_code = 422
    default = "This Idempotency-Key was used for another request: take a new one."


class RequestInProgress(IdpError):
    error = "request_in_progress"
    status_code = 409
    default = "The request of this Idempotency-Key is at work: ask again after Retry-After seconds."
    retry_after = 2


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
    """Nothing was looked at, so nothing was guessed."""

    default = "More people log in than passwords can be hashed. Retry after Retry-After seconds."
    retry_after = 10


class LoginRefused(IdpError):
    """``detail`` says why, for the log and the record; the person is told one thing for all of it.

    ``person_id``: whose account was tried, if there is one: they see it in their history.
    """

    error = "access_denied"
    status_code = 400

    def __init__(self, *, detail: str, person_id: str = "") -> None:
        super().__init__(detail=detail)
        self.person_id = person_id


class UpstreamFailed(IdpError):
    """``reason``: unavailable, refused, invalid, conflict, unknown_person, enterprise_without_person; stale
    (not proved anew, as it was to be), level (an identity level too low for an official)."""

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


class ClientUnknown(RegistrationRefused):
    def __init__(self, client_id: str) -> None:
        super().__init__(f"Không có hệ thống {client_id[:200]}.", f"There is no client {client_id[:200]}.")


class ClientExists(RegistrationRefused):
    def __init__(self, client_id: str) -> None:
        super().__init__(f"Đã có hệ thống {client_id[:200]}.", f"The client {client_id[:200]} exists.")


class DirectoryRefused(RegistrationRefused):
    """Two texts, as RegistrationRefused. No text carries a personal number."""


class DirectoryConflict(DirectoryRefused):
    """What must be unique belongs to somebody else."""
