"""Ask OCSP responders and CRL services for pyHanko, but only those that the settings allow.

The addresses stand in certificates that anybody may have made. An address that is not allowed, or that
does not answer, is the same as no answer: what the document itself carries is then looked at.
"""

from collections.abc import AsyncGenerator, Iterable
from typing import Any

import httpx
from asn1crypto import crl, ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko_certvalidator.authority import Authority, AuthorityWithCert
from pyhanko_certvalidator.fetchers import FetcherBackend, Fetchers
from pyhanko_certvalidator.fetchers.api import CertificateFetcher, CRLFetcher, OCSPFetcher
from pyhanko_certvalidator.util import get_ocsp_urls

from signsvc.pades.fetch import Fetcher, FetchFailed
from signsvc.pades.ocsp import ocsp_request
from signsvc.pades.validation.trust_settings import TrustSettings

MAX_OCSP = 64 * 1024
MAX_REQUESTS = 64
_NOTHING: tuple[Any, ...] = ()
_NO_ANSWER = ocsp.OCSPResponse({"response_status": "try_later"})


class OnlineSource:
    """Answers by HTTP. One a process; ``for_job`` gives what one document may use."""

    def __init__(self, settings: TrustSettings) -> None:
        self._prefixes = tuple(settings.allowed_urls)
        self._seconds = settings.fetch_seconds
        self._max_crl = settings.max_fetched
        self._fetcher = Fetcher(settings.allowed_urls)

    @property
    def enabled(self) -> bool:
        """Is any address allowed at all?"""
        return bool(self._prefixes)

    def for_job(self) -> "JobFetchers":
        """Fresh fetchers: pyHanko's keep errors for ever, so they must not outlive a document."""
        return JobFetchers(self)

    def allows(self, url: str) -> bool:
        """Does the URL lie below an allowed prefix?"""
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            return False
        # httpx has resolved dots in the path by now; encoded ones a server may resolve later.
        if parsed.userinfo or "%2e" in url.lower():
            return False
        return self._fetcher.allows(url) and any(_below(str(parsed), prefix) for prefix in self._prefixes)

    def ask(self, url: str, body: bytes = b"") -> bytes:
        """An OCSP answer if there is a request in ``body``, else a CRL. Raises FetchFailed."""
        if body:
            return self._fetcher.post(
                url, body, "application/ocsp-request", seconds=self._seconds, limit=MAX_OCSP
            )
        return self._fetcher.get(url, seconds=self._seconds, limit=self._max_crl)


class JobFetchers(FetcherBackend):
    """What pyHanko asks during one document."""

    def __init__(self, source: OnlineSource) -> None:
        self._source = source
        self._requests = 0
        self._fetchers = Fetchers(_Ocsp(self), _Crls(self), _NoCertificates())

    def get_fetchers(self) -> Fetchers:
        """See FetcherBackend."""
        return self._fetchers

    def find_answer(self, url: str, body: bytes = b"") -> bytes | None:
        """None when it may not be asked, was asked too much, or does not answer."""
        if self._requests >= MAX_REQUESTS or not self._source.allows(url):
            return None
        self._requests += 1
        try:
            return self._source.ask(url, body)
        except FetchFailed:
            return None


class _Ocsp(OCSPFetcher):
    def __init__(self, job: JobFetchers) -> None:
        self._job = job
        self._answers: dict[bytes, Any] = {}

    async def fetch(self, cert: Any, authority: Authority) -> Any:
        answer = self._ask(cert, authority)
        if isinstance(cert, asn1_x509.Certificate):
            self._answers[cert.issuer_serial] = answer
        return answer

    def _ask(self, cert: Any, authority: Authority) -> Any:
        if not isinstance(cert, asn1_x509.Certificate) or not isinstance(authority, AuthorityWithCert):
            return _NO_ANSWER
        try:
            request = ocsp_request(
                x509.load_der_x509_certificate(cert.dump()),
                x509.load_der_x509_certificate(authority.certificate.dump()),
            )
        except ValueError:
            return _NO_ANSWER
        for url in get_ocsp_urls(cert):
            answer = self._job.find_answer(url, request)
            if answer is None:
                continue
            try:
                response = ocsp.OCSPResponse.load(answer, strict=True)
                if response["response_status"].native == "successful" and response.basic_ocsp_response:
                    return response
            except (ValueError, TypeError):
                continue
        return _NO_ANSWER

    def fetched_responses(self) -> Iterable[Any]:
        return [answer for answer in self._answers.values() if answer is not _NO_ANSWER]

    def fetched_responses_for_cert(self, cert: Any) -> Iterable[Any]:
        answer = self._answers.get(cert.issuer_serial, _NO_ANSWER)
        return [] if answer is _NO_ANSWER else [answer]


class _Crls(CRLFetcher):
    def __init__(self, job: JobFetchers) -> None:
        self._job = job
        self._lists: dict[bytes, list[Any]] = {}

    async def fetch(self, cert: Any, *, use_deltas: Any = None) -> Iterable[Any]:
        found: list[Any] = []
        for point in cert.crl_distribution_points:
            url = point.url
            answer = self._job.find_answer(url) if url else None
            if answer is None:
                continue
            try:
                found.append(crl.CertificateList.load(answer, strict=True))
            except (ValueError, TypeError):
                continue
        self._lists[cert.issuer_serial] = found
        return found

    def fetched_crls(self) -> Iterable[Any]:
        return [found for lists in self._lists.values() for found in lists]

    def fetched_crls_for_cert(self, cert: Any) -> Iterable[Any]:
        return self._lists[cert.issuer_serial]


class _NoCertificates(CertificateFetcher):
    """Issuers come from the signature, the document or the settings."""

    async def fetch_cert_issuers(self, cert: Any) -> AsyncGenerator[Any, None]:
        for certificate in _NOTHING:
            yield certificate

    async def fetch_crl_issuers(self, certificate_list: Any) -> AsyncGenerator[Any, None]:
        for certificate in _NOTHING:
            yield certificate

    def fetched_certs(self) -> Iterable[Any]:
        return ()


def _below(url: str, prefix: str) -> bool:
    if not url.startswith(prefix):
        return False
    # "http://ca.vn/ocsp" allows "/ocsp" and "/ocsp/1", not "/ocsp-admin".
    rest = url[len(prefix) :]
    return not rest or prefix.endswith("/") or rest[0] in "/?"
