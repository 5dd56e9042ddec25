"""Whom the validation believes and where it may ask, and the material read from there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from pydantic import BaseModel, ConfigDict

# 32473 is the documentation arc (RFC 5612); the development authority marks all it issues with it.
TRAINING_POLICIES = ("1.3.6.1.4.1.32473.2026.1",)
_SUFFIXES = {".pem", ".crt", ".cer", ".der"}


class TrustSettings(BaseModel):
    """Paths are PEM or DER files, or folders of them.

    ``roots``: trust anchors. ``tsa_roots``: those of time-stamping authorities, the same if empty.
    ``intermediates``: certificates that signatures may have left out; they are not trusted by themselves.
    ``allowed_urls``: URL prefixes that OCSP and CRL addresses in certificates may lead to; none by default,
    and certificates are never fetched. ``training_policies``: policy OIDs, with all below them.
    ``rsa_2048_until``: RSA keys below 3000 bits count until then (NIST SP 800-131A: 112 bits of security).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    roots: tuple[Path, ...]
    tsa_roots: tuple[Path, ...] = ()
    intermediates: tuple[Path, ...] = ()
    allowed_urls: tuple[str, ...] = ()
    fetch_seconds: float = 5.0
    max_fetched: int = 16 * 1024 * 1024
    training_policies: tuple[str, ...] = TRAINING_POLICIES
    rsa_2048_until: datetime = datetime(2031, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TrustMaterial:
    """The certificates that the settings name."""

    roots: tuple[asn1_x509.Certificate, ...]
    tsa_roots: tuple[asn1_x509.Certificate, ...]
    intermediates: tuple[asn1_x509.Certificate, ...]


def load_material(settings: TrustSettings) -> TrustMaterial:
    """Read them all. Raises OSError for a missing file, ValueError for one that is no certificate."""
    roots = _load(settings.roots)
    if not roots:
        raise ValueError("no trust anchor is configured")
    return TrustMaterial(roots, _load(settings.tsa_roots) or roots, _load(settings.intermediates))


def _load(paths: tuple[Path, ...]) -> tuple[asn1_x509.Certificate, ...]:
    return tuple(certificate for path in paths for file in _files(path) for certificate in _read(file))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
    return [path]


def _read(file: Path) -> list[asn1_x509.Certificate]:
    data = file.read_bytes()
    encoded = [der for _, _, der in pem.unarmor(data, multiple=True)] if pem.detect(data) else [data]
    certificates = [asn1_x509.Certificate.load(der, strict=True) for der in encoded]
    for certificate in certificates:
        # asn1crypto parses lazily; a file that is no certificate must be found at start.
        _ = certificate.subject.native, certificate.public_key.algorithm
    return certificates
