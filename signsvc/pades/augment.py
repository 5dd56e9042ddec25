"""Raise a signed document's level: revocation data for B-LT, a document time-stamp for B-LTA.

Both are allowed in any signed document, even a certified one that forbids changes (ISO 32000-2 §12.8.2.2.2).

The level is reached or an error is raised and the file is as it was: it never quietly stays lower.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from pyhanko.sign.fields import SigFieldSpec, enumerate_sig_fields
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp

from signsvc.pades import der
from signsvc.pades.appearance import draw_nothing
from signsvc.pades.appending import (
    Appender,
    append,
    digest_around_gap,
    fill_gap,
    write_placeholder,
    write_update,
)
from signsvc.pades.dss import add_evidence
from signsvc.pades.errors import LevelUnreachable, ReserveTooSmall
from signsvc.pades.levels import Level
from signsvc.pades.objects import dictionary, entry, name
from signsvc.pades.page import is_pdfa_1
from signsvc.pades.prepare import free_field_name
from signsvc.pades.revocation import RevocationSource
from signsvc.pades.timestamp import TimestampClient
from signsvc.pades.token import TokenRejected, TokenVerifier
from signsvc.pades.trust import NotTrusted, TrustAnchors


@dataclass(frozen=True, slots=True)
class Signed:
    """A document at level B-T. ``size``: its bytes when the signature was embedded.

    ``chain``: the signer's DER certificates, signer first; ``timestamp_token``: as in the signature.
    """

    size: int
    chain: tuple[bytes, ...]
    timestamp_token: bytes
    password: str | None = None
    allow_hybrid: bool = False


class Augmenter:
    """Adds what levels B-LT and B-LTA need. Thread-safe."""

    def __init__(
        self, timestamps: TimestampClient, revocations: RevocationSource, anchors: TrustAnchors
    ) -> None:
        self._timestamps = timestamps
        self._revocations = revocations
        self._anchors = anchors
        self._tokens = TokenVerifier(anchors)

    def augment(self, path: Path, signed: Signed, level: Level, *, now: datetime, fsync: bool = True) -> None:
        """Bring a B-T document to ``level``, in place.

        May be called again after an interruption: what lies behind ``signed.size`` is cut off first.
        Raises TimestampUnavailable, RevocationUnavailable, LevelUnreachable, DocumentRefused; the file is
        then ``signed.size`` long again.
        """
        if not level.long_term:
            raise ValueError(f"nothing is to be added for {level}")
        os.truncate(path, signed.size)
        chains = (self._signer_chain(signed.chain, now), self._timestamp_chain(signed.timestamp_token, now))
        try:
            self._add_evidence(path, chains, signed.password, now, allow_hybrid=signed.allow_hybrid)
            if level is Level.B_LTA:
                self._add_timestamp(path, signed.password, now, allow_hybrid=signed.allow_hybrid)
        except BaseException:
            os.truncate(path, signed.size)
            raise
        if fsync:
            _sync(path)

    def renew(self, path: Path, *, now: datetime, password: str | None = None, fsync: bool = True) -> None:
        """Renew an archived document before its last document time-stamp loses its strength.

        Evidence for that time-stamp's chain is added, then a new document time-stamp over everything.
        Raises as ``augment`` does; the file is then as it was.
        """
        size = path.stat().st_size
        try:
            token = append(path, _last_timestamp, password=password)
            chain = self._timestamp_chain(token, now)
            self._add_evidence(path, (chain,), password, now, allow_hybrid=False)
            self._add_timestamp(path, password, now, allow_hybrid=False)
        except BaseException:
            os.truncate(path, size)
            raise
        if fsync:
            _sync(path)

    def _signer_chain(self, chain: tuple[bytes, ...], now: datetime) -> tuple[x509.Certificate, ...]:
        leaf, *others = [x509.load_der_x509_certificate(certificate) for certificate in chain]
        try:
            return self._anchors.find_chain(leaf, others, now=now)
        except NotTrusted as error:
            raise _unreachable(str(error)) from error

    def _timestamp_chain(self, token: bytes, now: datetime) -> tuple[x509.Certificate, ...]:
        try:
            return self._tokens.verify_signature(token, now=now).chain
        except TokenRejected as error:
            raise _unreachable(str(error)) from error

    def _add_evidence(
        self,
        path: Path,
        chains: tuple[tuple[x509.Certificate, ...], ...],
        password: str | None,
        now: datetime,
        *,
        allow_hybrid: bool,
    ) -> None:
        if self._add_lacking(path, chains, password, now, allow_hybrid=allow_hybrid):
            return
        # The document has it all from an earlier signature of the same signer, so it is older than this
        # signature and proves nothing about it: ask the leaves' services again.
        self._revocations.forget([chain[0] for chain in chains])
        self._add_lacking(path, chains, password, now, allow_hybrid=allow_hybrid)

    def _add_lacking(
        self,
        path: Path,
        chains: tuple[tuple[x509.Certificate, ...], ...],
        password: str | None,
        now: datetime,
        *,
        allow_hybrid: bool,
    ) -> bool:
        evidence = self._revocations.gather(chains, now=now)

        def make(writer: Appender) -> bool:
            lacking = add_evidence(writer, evidence)
            if lacking:
                write_update(writer)
            return lacking

        return append(path, make, password=password, allow_hybrid=allow_hybrid)

    def _add_timestamp(self, path: Path, password: str | None, now: datetime, *, allow_hybrid: bool) -> None:
        reserve = self._timestamps.token_bytes
        gap_start, gap_end = append(
            path,
            lambda writer: _write_document_timestamp(writer, reserve),
            password=password,
            allow_hybrid=allow_hybrid,
        )
        token = self._timestamps.timestamp(digest_around_gap(path, gap_start, gap_end), now=now)
        if len(token.encoded) > reserve:
            raise ReserveTooSmall(len(token.encoded), reserve)
        fill_gap(path, gap_start, token.encoded, fsync=False)


def _write_document_timestamp(writer: Appender, reserve: int) -> tuple[int, int]:
    field_name = free_field_name(writer, "Timestamp")
    steps = PdfCMSEmbedder(SigFieldSpec(field_name)).write_cms(field_name, writer)
    field = next(steps).get_object()
    if is_pdfa_1(writer):
        field[name("/AP")] = dictionary({"/N": draw_nothing(writer)})
    placeholder = DocumentTimestamp(bytes_reserved=2 * reserve)  # type: ignore[no-untyped-call]
    steps.send(SigObjSetup(sig_placeholder=placeholder))
    return write_placeholder(writer, placeholder)


def _last_timestamp(writer: Appender) -> bytes:
    tokens = [
        (int(value["/ByteRange"][2]), bytes(value["/Contents"]))
        for _, found, _ in enumerate_sig_fields(writer, filled_status=True)
        if entry(value := found.get_object(), "/SubFilter") == "/ETSI.RFC3161"
    ]
    if not tokens:
        raise _unreachable("the document has no document time-stamp to renew")
    # Behind the token the gap is filled with zeros.
    return der.read(max(tokens)[1]).encoded


def _unreachable(detail: str) -> LevelUnreachable:
    return LevelUnreachable(
        "Không thể nâng mức chữ ký: chuỗi chứng thực không dẫn tới gốc tin cậy.",
        "The level cannot be reached: a chain does not lead to a trust anchor.",
        detail=detail,
    )


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
