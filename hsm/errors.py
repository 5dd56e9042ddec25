"""Everything that leaves the key process as an error.

::

    HsmError
    ├── TokenError
    │   ├── TokenUnavailable      the token is away or sick; ask again later
    │   ├── PinRejected           the PIN was wrong: tried once, never again
    │   ├── KeyNotFound           a healthy token has no such key
    │   └── MechanismRefused      this token cannot do this, now or later
    ├── ActRefused                what was asked may not be done
    │   ├── ActMalformed          not canonical JSON, or a field is wrong
    │   ├── CredentialNotUsable   unknown, not active, or its certificate is not valid now
    │   ├── ApprovalRefused       the proof does not approve exactly this act
    │   ├── PolicyRefused         the policy says no
    │   ├── QuotaSpent            as many as the policy's quotas allow were signed; ask again later
    │   └── GrantRefused          spent, expired, or not for these bytes
    ├── StoreUnavailable          the database is away; nothing was signed
    ├── JournalError              the journal could not be written, so nothing was signed
    └── KeyProcessUnavailable     (client) the key process did not answer

Each carries two texts: ``str(error)`` is safe to show a caller; ``detail`` is for the log.
"""


class HsmError(Exception):
    """The root. ``message`` is for the caller, ``detail`` for the log only."""

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class TokenError(HsmError):
    """The PKCS#11 token did not do what it was asked."""


class TokenUnavailable(TokenError):
    """The token is away, restarting or answering nonsense: 503, with a retry."""


class PinRejected(TokenError):
    """The PIN was refused. It is never tried twice: a second try may lock the token."""


class KeyNotFound(TokenError):
    """A token that proved healthy (its canary signs) has no key of this label."""


class MechanismRefused(TokenError):
    """The token lacks a mechanism or forbids the use: permanent for this request."""


class ActRefused(HsmError):
    """What was asked may not be done."""


class ActMalformed(ActRefused):
    """The act is not canonical JSON (RFC 8785) of the expected shape."""


class CredentialNotUsable(ActRefused):
    """The credential is unknown, not active, or its certificate is not valid now."""


class ApprovalRefused(ActRefused):
    """The proof is not an approval of exactly this act by someone who may approve it."""


class PolicyRefused(ActRefused):
    """The policy denies the act. ``rules`` are the ids that decided; empty: nothing permits it."""

    def __init__(self, message: str, *, rules: tuple[str, ...] = (), detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.rules = rules


class QuotaSpent(ActRefused):
    """A quota of the policy is spent. ``retry_after``: seconds; ``quota``: its name."""

    def __init__(self, message: str, *, quota: str = "", retry_after: float = 0.0, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.quota = quota
        self.retry_after = retry_after


class GrantRefused(ActRefused):
    """The SAD is spent, expired, unknown, or does not cover these bytes.

    ``reason``: unknown (also: another client's, or for another credential), expired, spent, digest; or
    empty.
    """

    def __init__(self, message: str, *, reason: str = "", detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.reason = reason


class StoreUnavailable(HsmError):
    """The database did not answer: 503, with a retry."""


class JournalError(HsmError):
    """The journal could not be written durably: nothing was signed."""


class KeyProcessUnavailable(HsmError):
    """The key process did not answer in time (raised by the client)."""
