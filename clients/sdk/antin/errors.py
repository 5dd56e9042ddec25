"""Everything that leaves the SDK as an error.

::

    AntinError
    ├── ConfigError               the profile, the key file or an argument: fix it and call again
    ├── FileError                 a local file cannot be read or written
    │   └── OutputExists          it is there already, and nobody said to replace it
    ├── NetworkError              no answer: the service is away, or the address is wrong
    ├── ServiceError              the service answered with a problem
    │   ├── LoginRefused          the identity provider or the token check said no
    │   ├── NotPermitted          logged in, but this may not be done
    │   ├── NotFound              no such document, signature, credential or entry
    │   ├── DocumentRefused       the request or the document is not acceptable; see ``findings``
    │   └── ServiceUnavailable    ask again after ``retry_after`` seconds
    ├── NotFinished               approved, but a time-stamp or revocation answer is still awaited
    └── ProofError                what the service returned is not what it should be: do not trust it
        ├── SubstitutedDocument   the act is not for our file, credential or client: not approved
        ├── DamagedDownload       the file that came back is not the one that was signed
        ├── LevelNotReached       a lower level than was asked for
        └── ProofRefused          a receipt, a signature or the journal does not verify

Each has the sentence twice, ``vi`` (Vietnamese) and ``en`` (English), and ``detail`` for the log.
No message holds a token, a key or the content of a document.
"""

from dataclasses import dataclass
from typing import Any


class AntinError(Exception):
    """The root. ``str(error)`` is the Vietnamese sentence, then the English one."""

    def __init__(self, vi: str, en: str, *, detail: str = "") -> None:
        super().__init__(f"{vi} ({en})")
        self.vi = vi
        self.en = en
        self.detail = detail


class ConfigError(AntinError):
    """The profile, the key file or an argument is wrong: fix it and call again."""


class FileError(AntinError):
    """A local file cannot be read or written."""


class OutputExists(FileError):
    """The output is there already, and nobody said to replace it."""


class NetworkError(AntinError):
    """No answer: the service is away, or the address is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the service found in a document. ``page`` is 1-based, None when it is not on a page."""

    code: str
    message: str
    message_en: str
    page: int | None = None


class ServiceError(AntinError):
    """The service answered with a problem (RFC 9457) or an OAuth error (RFC 6749 §5.2).

    ``status`` is the HTTP status, ``code`` the service's word for it, ``request_id`` what its
    operators need to find the request, ``problem`` the answer's members.
    """

    def __init__(
        self,
        vi: str,
        en: str,
        *,
        status: int,
        code: str = "",
        request_id: str = "",
        findings: tuple[Finding, ...] = (),
        retry_after: float | None = None,
        problem: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(vi, en, detail=f"status {status} code {code or '-'} request {request_id or '-'}")
        self.status = status
        self.code = code
        self.request_id = request_id
        self.findings = findings
        self.retry_after = retry_after
        self.problem = problem or {}


class LoginRefused(ServiceError):
    """The identity provider, or the service's check of the token, said no."""


class NotPermitted(ServiceError):
    """Logged in, but this may not be done."""


class NotFound(ServiceError):
    """No such document, signature, credential or journal entry."""


class DocumentRefused(ServiceError):
    """The request or the document is not acceptable; ``findings`` say what and on which page."""


class ServiceUnavailable(ServiceError):
    """Ask again after ``retry_after`` seconds (None: not said)."""


class NotFinished(AntinError):
    """Approved, but a time-stamp or revocation answer is still awaited; ``signature_id`` goes on."""

    def __init__(self, vi: str, en: str, *, signature_id: str) -> None:
        super().__init__(vi, en, detail=f"signature {signature_id}")
        self.signature_id = signature_id


class ProofError(AntinError):
    """What the service returned is not what it should be: do not trust it."""


class SubstitutedDocument(ProofError):
    """The act is not for our file, credential or client: it was not approved."""


class DamagedDownload(ProofError):
    """The file that came back is not the one that was signed."""


class LevelNotReached(ProofError):
    """The service signed at a lower level than was asked for."""


class ProofRefused(ProofError):
    """A receipt, a signature or the journal does not verify."""
