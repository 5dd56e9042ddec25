"""What was issued, what is revoked, and the CRLs that said so: one SQLite file for all workers."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from devca.errors import CertificateNotFound

_SCHEMA = """
CREATE TABLE IF NOT EXISTS certificate (
    serial     TEXT PRIMARY KEY,
    issuer     TEXT NOT NULL,
    profile    TEXT NOT NULL,
    subject    TEXT NOT NULL,
    not_after  INTEGER NOT NULL,
    issued_at  INTEGER NOT NULL,
    der        BLOB NOT NULL,
    revoked_at INTEGER,
    reason     TEXT
);
CREATE TABLE IF NOT EXISTS crl (
    issuer      TEXT NOT NULL,
    number      INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    this_update INTEGER NOT NULL,
    der         BLOB NOT NULL,
    PRIMARY KEY (issuer, number)
);
"""


@dataclass(frozen=True, slots=True)
class Status:
    """``revoked_at`` is None while the certificate is good."""

    serial: int
    revoked_at: datetime | None
    reason: x509.ReasonFlags | None


def serial_text(serial: int) -> str:
    """A serial number as the index and the wire write it: lower-case hex, an even number of digits."""
    text = f"{serial:x}"
    return text if len(text) % 2 == 0 else f"0{text}"


class Index:
    """Each call opens its own connection, so the object may be used by any thread or process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def check(self) -> None:
        """Raises sqlite3.Error when the file cannot be read."""
        with self._open() as connection:
            connection.execute("SELECT 1 FROM certificate LIMIT 1").fetchone()

    def record(self, certificate: x509.Certificate, issuer: str, profile: str, *, now: datetime) -> None:
        """Must succeed before the certificate is handed out: what is not here is 'unknown' to OCSP."""
        with self._write() as connection:
            connection.execute(
                "INSERT INTO certificate VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (
                    serial_text(certificate.serial_number),
                    issuer,
                    profile,
                    certificate.subject.rfc4514_string(),
                    int(certificate.not_valid_after_utc.timestamp()),
                    int(now.timestamp()),
                    certificate.public_bytes(Encoding.DER),
                ),
            )

    def find(self, serial: int, issuer: str) -> Status | None:
        """The status of a certificate this issuer issued, None for any other."""
        with self._open() as connection:
            row = connection.execute(
                "SELECT revoked_at, reason FROM certificate WHERE serial = ? AND issuer = ?",
                (serial_text(serial), issuer),
            ).fetchone()
        return None if row is None else _status(serial, *row)

    def revoke(self, serial: int, reason: x509.ReasonFlags, *, now: datetime) -> None:
        """Revoking again changes nothing: the first time and reason stand.

        Raises CertificateNotFound.
        """
        with self._write() as connection:
            changed = connection.execute(
                "UPDATE certificate SET revoked_at = coalesce(revoked_at, ?), reason = coalesce(reason, ?)"
                " WHERE serial = ?",
                (int(now.timestamp()), reason.value, serial_text(serial)),
            )
            if changed.rowcount == 0:
                raise CertificateNotFound(
                    "Không có chứng thư nào mang số này. Kiểm tra lại số chứng thư (dạng hex).",
                    "No certificate has this serial number. Check the number (hexadecimal).",
                )

    def crl(
        self,
        issuer: str,
        *,
        fresh_after: datetime,
        now: datetime,
        build: Callable[[int, list[Status]], bytes],
    ) -> bytes:
        """The issuer's CRL, DER: the stored one if nothing was revoked since and it is fresh enough.

        ``build(number, revoked)`` makes a new one. It runs inside the write transaction, so CRL
        numbers rise by one (RFC 5280 §5.2.3) whichever worker makes them.
        """
        with self._open() as connection:
            stored = self._current_crl(connection, issuer, fresh_after)
        if stored is not None:
            return stored
        with self._write() as connection:
            stored = self._current_crl(connection, issuer, fresh_after)
            if stored is not None:
                return stored
            revoked = [
                _status(int(serial, 16), *row)
                for serial, *row in connection.execute(
                    "SELECT serial, revoked_at, reason FROM certificate"
                    " WHERE issuer = ? AND revoked_at IS NOT NULL ORDER BY revoked_at, serial",
                    (issuer,),
                )
            ]
            (last,) = connection.execute(
                "SELECT coalesce(max(number), 0) FROM crl WHERE issuer = ?", (issuer,)
            ).fetchone()
            der = build(last + 1, revoked)
            connection.execute(
                "INSERT INTO crl VALUES (?, ?, ?, ?, ?)",
                (issuer, last + 1, len(revoked), int(now.timestamp()), der),
            )
            return der

    @staticmethod
    def _current_crl(connection: sqlite3.Connection, issuer: str, fresh_after: datetime) -> bytes | None:
        row = connection.execute(
            "SELECT der FROM crl WHERE issuer = ?1 AND this_update > ?2"
            " AND number = (SELECT max(number) FROM crl WHERE issuer = ?1)"
            " AND generation = (SELECT count(*) FROM certificate"
            "                   WHERE issuer = ?1 AND revoked_at IS NOT NULL)",
            (issuer, int(fresh_after.timestamp())),
        ).fetchone()
        return None if row is None else bytes(row[0])


def _status(serial: int, revoked_at: int | None, reason: str | None) -> Status:
    return Status(
        serial,
        None if revoked_at is None else datetime.fromtimestamp(revoked_at, UTC),
        None if reason is None else x509.ReasonFlags(reason),
    )
