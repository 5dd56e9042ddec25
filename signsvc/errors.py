"""Everything the signing service itself raises.

::

    SignsvcError
    ├── RequestRefused            the request is not one we can read
    │   ├── BodyTooLarge
    │   └── MediaTypeRefused
    ├── LoginRefused              no access token, or not one for us
    │   └── TokenExpired          it was one, before or after this moment
    ├── ScopeRefused              a good token that does not allow this
    ├── NotFound                  nothing of this name, or not this client's
    ├── StateConflict             not in the state this needs
    │   ├── InProgress            somebody is at it this very moment; ask again
    │   ├── EarlierSignatureRefused   the operation does not come after what this document carries
    │   └── SignatureFailed       it will never be completed: prepare again
    ├── IdempotencyMismatch       the key was used for another request
    ├── QuotaExceeded             too often
    └── Unavailable               something we stand on is away; ask again later
        ├── StoreUnavailable      the database or the documents' folder
        ├── CountersUnavailable   Redis
        ├── ProofStoreUnavailable Redis, for proofs that serve once
        ├── IssuerUnavailable     the identity provider's keys cannot be had
        ├── EarlierSignatureUnchecked   whether an earlier signature is valid cannot be said now
        └── Crowded               every place for callers without login is taken
    LeaseLost                     (not for callers) a later worker has the job: our result is void

The key process's errors (``hsm.client``) and those of ``signsvc.pades`` have trees of their own;
``signsvc.web.problems`` maps all three once. ``message`` (Vietnamese) and ``message_en`` are for the
caller, ``detail`` is for the log only.
"""


class SignsvcError(Exception):
    """The root. ``code`` is stable and for programs."""

    code = "signsvc_error"

    def __init__(self, message: str, message_en: str, *, detail: str = "") -> None:
        super().__init__(message_en)
        self.message = message
        self.message_en = message_en
        self.detail = detail


class RequestRefused(SignsvcError):
    """400: the request is malformed."""

    code = "request_malformed"


class BodyTooLarge(RequestRefused):
    """413."""

    code = "body_too_large"


class MediaTypeRefused(RequestRefused):
    """415."""

    code = "media_type"


class LoginRefused(SignsvcError):
    """401. ``reason``: the code of RFC 6750 §3.1 or RFC 9449 §7.1, "" when no token came.

    ``scheme``: how to come back, Bearer or DPoP.
    """

    code = "login"

    def __init__(
        self,
        message: str,
        message_en: str,
        *,
        reason: str = "invalid_token",
        detail: str = "",
        scheme: str = "Bearer",
    ) -> None:
        super().__init__(message, message_en, detail=detail)
        self.reason = reason
        self.scheme = scheme


class TokenExpired(LoginRefused):
    """A token of ours for us, out of its time. The CSC API says "SAD expired" of it."""


class ScopeRefused(SignsvcError):
    """403 (RFC 6750: insufficient_scope)."""

    code = "insufficient_scope"

    def __init__(self, scope: str, *, scheme: str = "Bearer") -> None:
        super().__init__(
            f"Mã truy cập không có quyền {scope}; hãy xin lại với scope={scope}.",
            f"The access token lacks the scope {scope}; ask for one with scope={scope}.",
        )
        self.scope = scope
        self.scheme = scheme


class NotFound(SignsvcError):
    """404: the same words whether it never was or is another client's."""

    code = "not_found"


class StateConflict(SignsvcError):
    """409: not in the state that this needs."""

    code = "state_conflict"


class InProgress(StateConflict):
    """409 with Retry-After: another call is doing it now."""

    code = "in_progress"

    def __init__(self, *, retry_after: int = 1) -> None:
        super().__init__(
            "Yêu cầu này đang được xử lý; hãy gọi lại sau.",
            "This request is being worked on; ask again in a moment.",
        )
        self.retry_after = retry_after


class EarlierSignatureRefused(StateConflict):
    """409: an operation out of order, or after a signature that is not in this document, or not valid."""

    code = "operation_order"


class SignatureFailed(StateConflict):
    """409: this signature will never be; the document is kept, prepare it again."""

    code = "signature_failed"


class IdempotencyMismatch(SignsvcError):
    """422: the Idempotency-Key came with another request before."""

    code = "idempotency_mismatch"


class QuotaExceeded(SignsvcError):
    """429 with Retry-After."""

    code = "quota_exceeded"

    def __init__(self, title: str, title_en: str, *, retry_after: float) -> None:
        super().__init__(
            f"Vượt hạn mức: {title}. Hãy gọi lại sau {retry_after:.0f} giây.",
            f"Over the limit: {title_en}. Ask again in {retry_after:.0f} seconds.",
        )
        self.retry_after = retry_after


class Unavailable(SignsvcError):
    """503 with Retry-After."""

    code = "unavailable"
    retry_after = 5


class StoreUnavailable(Unavailable):
    """The database or the documents' folder does not answer."""

    code = "store_unavailable"

    def __init__(self, *, detail: str = "") -> None:
        super().__init__(
            "Kho dữ liệu tạm thời không sẵn sàng; hãy gọi lại sau.",
            "The store is not available at the moment; ask again later.",
            detail=detail,
        )


class CountersUnavailable(Unavailable):
    """The quota's counters are away: what must be counted is not done."""

    code = "counters_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "Bộ đếm hạn mức tạm thời không sẵn sàng nên chưa ký; hãy gọi lại sau.",
            "The quota counters are not available, so nothing was signed; ask again later.",
        )


class ProofStoreUnavailable(Unavailable):
    """Whether a DPoP proof was used before cannot be said: it is not taken."""

    code = "proof_store_unavailable"

    def __init__(self, *, detail: str = "") -> None:
        super().__init__(
            "Chưa kiểm tra được bằng chứng DPoP dùng một lần; hãy gọi lại sau với bằng chứng mới.",
            "Single use of the DPoP proof cannot be checked; ask again later with a new proof.",
            detail=detail,
        )


class IssuerUnavailable(Unavailable):
    """The keys to verify access tokens with cannot be fetched."""

    code = "issuer_unavailable"

    def __init__(self, *, detail: str = "") -> None:
        super().__init__(
            "Chưa lấy được khóa của máy chủ định danh; hãy gọi lại sau.",
            "The identity provider's keys cannot be had at the moment; ask again later.",
            detail=detail,
        )


class EarlierSignatureUnchecked(Unavailable):
    """The earlier signature may be valid: its certificate's status is not to be had."""

    code = "earlier_signature_unchecked"


class Crowded(Unavailable):
    """Callers without login hold no more threads than their places."""

    code = "crowded"
    retry_after = 2

    def __init__(self) -> None:
        super().__init__(
            "Đang có nhiều người kiểm tra cùng lúc; hãy gọi lại sau ít giây.",
            "Many are checking at this moment; ask again in a few seconds.",
        )


class LeaseLost(Exception):
    """Another worker took the job over after our lease ended: nothing of ours may be written."""
