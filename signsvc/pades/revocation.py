"""Is a certificate revoked? OCSP first, then CRL, each answer verified, then kept as long as it is good.

Answers are kept in memory for each certificate, until their nextUpdate or the policy's age, whichever is
sooner; failures for at most half a minute; and one thread fetches while the others wait for it.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Lock

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signsvc.pades.crl import find_crl_urls, verify_crl
from signsvc.pades.errors import CertificateRevoked, RevocationUnavailable
from signsvc.pades.fetch import Fetcher, FetchFailed
from signsvc.pades.ocsp import find_ocsp_urls, ocsp_request, verify_ocsp
from signsvc.pades.status import Revoked, StatusAnswer, StatusRejected
from signsvc.pades.trust import fingerprint, is_self_issued

MAX_OCSP = 64 * 1024
MAX_ENTRIES = 10_000
MAX_DEPTH = 4

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What makes chains verifiable later: DER certificates, OCSP responses and CRLs, each once."""

    certificates: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()


@dataclass(slots=True)
class _Entry:
    """One certificate's place in the cache. Times are monotonic seconds."""

    lock: Lock = field(default_factory=Lock)
    answer: StatusAnswer | None = None
    good_until: datetime | None = None
    failure: RevocationUnavailable | None = None
    failed_until: float = 0.0


@dataclass(frozen=True, slots=True)
class RevocationPolicy:
    """``max_age``: how long an answer is used at most; ``negative``: how long a failure is remembered."""

    max_age: timedelta = timedelta(hours=1)
    negative: timedelta = timedelta(seconds=15)
    seconds: float = 10.0
    max_crl: int = 16 * 1024 * 1024


class RevocationSource:
    """Answers for certificates whose services the fetcher may reach. Thread-safe."""

    def __init__(self, fetcher: Fetcher, policy: RevocationPolicy | None = None) -> None:
        self._fetcher = fetcher
        self._policy = policy or RevocationPolicy()
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._lock = Lock()

    def gather(self, chains: Sequence[Sequence[x509.Certificate]], *, now: datetime) -> Evidence:
        """Evidence for whole chains, each from its leaf to its root.

        Raises RevocationUnavailable, and its kind CertificateRevoked.
        """
        found = _Collected()
        for chain in chains:
            self._gather_chain(chain, found, now, depth=0)
        return Evidence(tuple(found.certificates), tuple(found.ocsps), tuple(found.crls))

    def check(
        self, certificate: x509.Certificate, issuer: x509.Certificate, *, now: datetime
    ) -> StatusAnswer:
        """A verified answer saying that the certificate is good. Raises as ``gather`` does."""
        key = fingerprint(certificate)
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > MAX_ENTRIES:
                self._entries.popitem(last=False)
        with entry.lock:
            if entry.answer is not None and entry.good_until is not None and now < entry.good_until:
                return entry.answer
            if entry.failure is not None and time.monotonic() < entry.failed_until:
                raise entry.failure.with_traceback(None)
            try:
                entry.answer = self._ask(certificate, issuer, now)
            except RevocationUnavailable as error:
                entry.failure = error
                entry.failed_until = time.monotonic() + self._policy.negative.total_seconds()
                raise
            entry.failure = None
            entry.good_until = min(entry.answer.next_update, now + self._policy.max_age)
            return entry.answer

    def forget(self, certificates: Sequence[x509.Certificate]) -> None:
        """Ask anew for these, the next time."""
        with self._lock:
            for certificate in certificates:
                self._entries.pop(fingerprint(certificate), None)

    def _gather_chain(
        self, chain: Sequence[x509.Certificate], found: "_Collected", now: datetime, *, depth: int
    ) -> None:
        for certificate in chain:
            found.certificates[certificate.public_bytes(Encoding.DER)] = None
        for certificate, issuer in pairwise(chain):
            if is_self_issued(certificate):
                continue
            answer = self.check(certificate, issuer, now=now)
            (found.ocsps if answer.kind == "ocsp" else found.crls)[answer.encoded] = None
            if answer.responder is not None and depth < MAX_DEPTH:
                # A responder that may itself be revoked needs evidence of its own (RFC 6960 §4.2.2.2.1).
                responder = answer.responder
                links = (responder,) if _has_no_check(responder) else (responder, issuer)
                self._gather_chain(links, found, now, depth=depth + 1)

    def _ask(self, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> StatusAnswer:
        reasons: list[str] = []
        for ask, urls in (
            (self._ask_ocsp, find_ocsp_urls(certificate)),
            (self._ask_crl, find_crl_urls(certificate)),
        ):
            for url in urls:
                try:
                    return ask(url, certificate, issuer, now)
                except Revoked as error:
                    log.warning("certificate_revoked", url=url, reason=str(error))
                    raise CertificateRevoked(
                        "Một chứng thư số trong chuỗi chứng thực đã bị thu hồi.",
                        "A certificate of the chain has been revoked.",
                        detail=str(error),
                    ) from error
                except (FetchFailed, StatusRejected) as error:
                    reasons.append(f"{url}: {error}")
                    log.warning("revocation_failed", url=url, reason=str(error))
        raise RevocationUnavailable(
            "Không lấy được trạng thái thu hồi của chứng thư số; hãy thử lại sau.",
            "The revocation status of a certificate is not to be had; try again later.",
            retry_after=max(1, round(self._policy.negative.total_seconds())),
            detail="; ".join(reasons) or f"no source named in {certificate.subject.rfc4514_string()}",
        )

    def _ask_ocsp(
        self, url: str, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
    ) -> StatusAnswer:
        request = ocsp_request(certificate, issuer)
        answer = self._fetcher.post(
            url, request, "application/ocsp-request", seconds=self._policy.seconds, limit=MAX_OCSP
        )
        return verify_ocsp(answer, certificate, issuer, now=now)

    def _ask_crl(
        self, url: str, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime
    ) -> StatusAnswer:
        answer = self._fetcher.get(url, seconds=self._policy.seconds, limit=self._policy.max_crl)
        return verify_crl(answer, certificate, issuer, now=now)


@dataclass(slots=True)
class _Collected:
    """Ordered sets."""

    certificates: dict[bytes, None] = field(default_factory=dict)
    ocsps: dict[bytes, None] = field(default_factory=dict)
    crls: dict[bytes, None] = field(default_factory=dict)


def _has_no_check(responder: x509.Certificate) -> bool:
    try:
        responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except x509.ExtensionNotFound:
        return False
    return True
