"""The face of the SDK: one object for one client system at one signing service.

::

    from antin import Client, load_key

    with Client("https://ky.tinh.gov.vn", "https://dinhdanh.tinh.gov.vn", "motcua",
                load_key("client.jwk"), verifier_key="ky.tinh.gov.vn/journal+…") as client:
        signed = client.sign_document("quyet-dinh.pdf", "con-dau-ubnd", level="B-LT",
                                      output="quyet-dinh.signed.pdf")
"""

import os
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from antin import credentials, documents, hashes, journal_export, one_call, verify
from antin import timestamp as timestamps
from antin.connection import SCOPE, Connection
from antin.delivery import Delivery
from antin.errors import ConfigError
from antin.keys import Approver, ClientKey
from antin.oauth import Token, TokenSource
from antin.operation import Operation, check_not_secret
from antin.retry import Retry
from antin.signing import LEVELS, Level, SignedDocument, Signer, Unavailable, Wishes
from antin.source import Progress, no_progress, source_of
from antin.visible import VisibleSignature

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
Document = str | os.PathLike[str] | bytes


def _now() -> datetime:
    return datetime.now(UTC)


class Client:
    """Thread-safe; close it, or use it as a context.

    ``issuer``, ``client_id`` and ``key`` are needed for everything but ``verify`` and the journal.
    ``verifier_key`` (C2SP vkey) pins the journal's key; without it the key that the service names is
    used, which proves nothing against the service itself. ``resource`` is the service's identifier for
    tokens (RFC 8707), ``base_url`` unless given. Plain HTTP is for this machine only unless
    ``allow_http``. ``ca_file``: PEM of the authorities trusted for TLS. ``clock`` gives aware UTC.
    """

    def __init__(
        self,
        base_url: str,
        issuer: str = "",
        client_id: str = "",
        key: ClientKey | None = None,
        *,
        verifier_key: str = "",
        resource: str = "",
        allow_http: bool = False,
        ca_file: str | os.PathLike[str] | None = None,
        retry: Retry | None = None,
        clock: Callable[[], datetime] = _now,
        sleep: Callable[[float], None] = time.sleep,
        longest_wait: float = 600.0,
    ) -> None:
        for url in filter(None, (base_url, issuer)):
            _check_address(url, allow_http=allow_http)
        self.client_id = client_id
        self.pinned = bool(verifier_key)
        self._key = key
        self._verifier_key = verifier_key
        self._clock = clock
        self._sleep = sleep
        self._longest_wait = longest_wait
        self._http = _http_client(ca_file)
        tries = retry or Retry(sleep=sleep)
        tokens = None
        if issuer and client_id and key is not None:
            tokens = TokenSource(self._http, tries, issuer=issuer, client_id=client_id, key=key, clock=clock)
        self.connection = Connection(base_url, self._http, tries, tokens, resource or base_url.rstrip("/"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def sign_document(
        self,
        document: Document,
        credential_id: str,
        level: Level = "B-T",
        visible: VisibleSignature | None = None,
        *,
        title: str = "",
        output: str | os.PathLike[str] | None = None,
        force: bool = False,
        on_unavailable: Unavailable = "fail",
        document_kind: str = "document",
        reason: str = "",
        location: str = "",
        contact: str = "",
        algorithm: str = "",
        name: str = "",
        approver: Approver | None = None,
        operation: Operation | None = None,
        secrecy: str = "none",
        progress: Progress = no_progress,
    ) -> SignedDocument:
        """Upload, prepare, check, approve with our key, complete, fetch, verify, deliver.

        ``approver`` approves in place of our key: a person's passkey, for that person's credential.
        Without ``output`` the signed bytes are in ``content``. ``force`` replaces an output that
        exists. ``on_unavailable="wait"``: wait up to ``longest_wait`` seconds for a time-stamp or
        revocation answer. ``operation``: what the signature is in an office's course of the document.
        ``secrecy``: with mat, toi_mat or tuyet_mat the document is refused, and not even sent.

        Raises SubstitutedDocument before approving anything that is not this document; DamagedDownload,
        LevelNotReached, ProofRefused for a result not to be trusted; see ``antin.errors`` for the rest.
        """
        check_not_secret(secrecy)
        signer = Signer(
            connection=self.connection,
            client_id=self.client_id,
            approver=approver or self._own_key(),
            verifier_key=self.verifier_key(),
            clock=self._clock,
            sleep=self._sleep,
            longest_wait=self._longest_wait,
        )
        wishes = Wishes(
            credential_id=credential_id,
            level=_level(level),
            title=title.strip(),
            visible=visible,
            document_kind=document_kind,
            reason=reason,
            location=location,
            contact=contact,
            on_unavailable=on_unavailable,
            algorithm=algorithm,
            operation=operation,
        )
        return signer.sign(
            document, wishes, output=_path(output), replace=force, name=name, progress=progress
        )

    def sign_in_one_call(
        self,
        document: Document,
        credential_id: str,
        level: Level = "B-T",
        visible: VisibleSignature | None = None,
        *,
        title: str = "",
        output: str | os.PathLike[str] | None = None,
        force: bool = False,
        name: str = "",
        progress: Progress = no_progress,
    ) -> SignedDocument:
        """Sign with a token bound to the file: for credentials whose profile allows ``access_token``."""
        self._own_key()
        return one_call.sign_in_one_call(
            self.connection,
            document,
            Wishes(credential_id=credential_id, level=_level(level), title=title.strip(), visible=visible),
            client_id=self.client_id,
            verifier_key=self.verifier_key(),
            output=_path(output),
            replace=force,
            name=name,
            progress=progress,
        )

    def sign_hashes(
        self, items: Sequence[tuple[bytes, str]], credential_id: str, *, document_kind: str = "document"
    ) -> list[hashes.SignedHash]:
        """Sign SHA-256 digests as they are; ``items`` are (digest, title). Order is kept."""
        return hashes.sign_hashes(
            self.connection,
            items,
            credential_id,
            client_id=self.client_id,
            key=self._own_key(),
            verifier_key=self.verifier_key(),
            clock=self._clock,
            document_kind=document_kind,
        )

    def verify(self, document: Document, progress: Progress = no_progress) -> verify.Verdict:
        """The service's verdict on a signed document; no login."""
        return verify.verify_document(self.connection, document, progress)

    def upload(self, document: Document, progress: Progress = no_progress) -> documents.UploadedDocument:
        """Send a document without signing it."""
        return documents.upload(self.connection, source_of(document), progress)

    def download(
        self,
        signature_id: str,
        output: str | os.PathLike[str],
        *,
        force: bool = False,
        progress: Progress = no_progress,
    ) -> None:
        """Fetch a signed document by its signature's id, as it is: only ``sign_document`` checks it."""
        path = f"/v1/signatures/{quote(signature_id, safe='')}/content"
        with Delivery(Path(output), replace=force) as delivery:
            with self.connection.streamed("GET", path, accept="application/pdf") as response:
                documents.read_body(response, delivery.write, progress)
            delivery.keep()

    def credentials(self) -> list[credentials.Credential]:
        """The credentials this client may use."""
        return credentials.list_credentials(self.connection)

    def timestamp(self, sha256: bytes) -> bytes:
        """A time-stamp (RFC 3161, DER) over a SHA-256 digest."""
        return timestamps.timestamp(self.connection, sha256)

    def receipt(self, leaf_index: int) -> dict[str, Any]:
        """The receipt of a journal entry, not yet verified: see ``antin.receipt.verify_receipt``."""
        return journal_export.get_receipt(self.connection, leaf_index)

    def signature_receipt(self, signature_id: str) -> dict[str, Any]:
        """The receipt of a signature, by the signature's id; not yet verified."""
        quoted = quote(signature_id, safe="")
        return self.connection.members("GET", f"/v1/signatures/{quoted}/receipt")

    def checkpoint(self) -> journal_export.Checkpoint:
        """The journal's newest checkpoint, not yet verified."""
        return journal_export.get_checkpoint(self.connection)

    def export_journal(
        self, checkpoint: journal_export.Checkpoint, progress: Progress = no_progress
    ) -> Iterator[str]:
        """The journal's entries up to a checkpoint, as NDJSON lines."""
        return journal_export.export_entries(self.connection, checkpoint, progress)

    def token(
        self,
        scope: str = SCOPE,
        *,
        resource: str = "",
        authorization_details: list[dict[str, Any]] | None = None,
    ) -> Token:
        """An access token, for programs that call the API themselves."""
        details = authorization_details or []
        return self.connection.login(scope, details, resource=resource, fresh=bool(details))

    def verifier_key(self) -> str:
        """The journal's key: the pinned one, else the one the service names."""
        if not self._verifier_key:
            self._verifier_key = self.checkpoint().verifier_key
        return self._verifier_key

    def _own_key(self) -> ClientKey:
        if self._key is None or not self.client_id:
            raise ConfigError(
                "Ký cần khóa của hệ thống: đặt client_id và key_file trong cấu hình.",
                "Signing needs the system's key: set client_id and key_file in the configuration.",
            )
        return self._key


def _http_client(ca_file: str | os.PathLike[str] | None) -> httpx.Client:
    try:
        trusted = ssl.create_default_context(cafile=ca_file) if ca_file else True
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"Không đọc được ca_file {ca_file}.", f"Cannot read the ca_file {ca_file}."
        ) from error
    timeout = httpx.Timeout(120.0, connect=10.0, pool=30.0)
    return httpx.Client(verify=trusted, timeout=timeout, headers={"User-Agent": "antin-sdk/0.1.0"})


def _check_address(url: str, *, allow_http: bool) -> None:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise _bad_address(url) from error
    if not parsed.host or parsed.scheme not in ("https", "http") or parsed.userinfo:
        raise _bad_address(url)
    # RFC 6750 §5.3: a bearer token never travels in the clear.
    if parsed.scheme == "http" and parsed.host not in _LOCAL and not allow_http:
        raise ConfigError(
            f"{url} không mã hóa: dùng https, hoặc allow_http = true trong mạng kín.",
            f"{url} is not encrypted: use https, or allow_http = true inside a closed network.",
        )


def _bad_address(url: str) -> ConfigError:
    return ConfigError(f"Địa chỉ {url!r} không hợp lệ.", f"The address {url!r} is not valid.")


def _level(level: str) -> str:
    if level not in LEVELS:
        raise ConfigError(
            f"Không có mức {level!r}: chọn {', '.join(LEVELS)}.",
            f"There is no level {level!r}: choose {', '.join(LEVELS)}.",
        )
    return level


def _path(output: str | os.PathLike[str] | None) -> Path | None:
    return None if output is None else Path(output)
