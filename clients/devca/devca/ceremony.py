"""Make the authority once: keys, certificates, secret and index in one directory; or find it made."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from devca import names
from devca.certificate import MAX_LIFETIME, Issuer, build_ca, build_leaf
from devca.errors import StateUnusable
from devca.index import Index
from devca.profiles import OCSP_RESPONDER, TIMESTAMPING

SECRET = "issue-secret"  # noqa: S105 -- the name of the file
_DONE = "devca.json"  # written last: where it lies, the ceremony was finished


@dataclass(frozen=True, slots=True)
class Authority:
    """What a running devca holds. Keys are read once and kept: reading checks them, which is slow."""

    base_url: str
    secret: str
    root: Issuer
    issuing: Issuer
    ocsp: Issuer
    tsa: Issuer
    index: Index


def is_made(directory: Path) -> bool:
    """Whether a finished ceremony lies in this directory."""
    return (directory / _DONE).exists()


def prepare(directory: Path, base_url: str | None, *, now: datetime) -> Authority:
    """The authority in this directory, made if it is not there yet. Safe to repeat and to race.

    Raises StateUnusable when it was made for another base URL, or its files are damaged, or there is
    nothing yet and no base URL to make it for.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(directory):
        if base_url is not None and not is_made(directory):
            _make(directory, base_url, now)
    authority = load(directory)
    if base_url not in (None, authority.base_url):
        raise StateUnusable(
            f"{directory} là CA của địa chỉ {authority.base_url}. Dùng địa chỉ đó hoặc thư mục khác.",
            f"{directory} holds a CA made for {authority.base_url}. Use that address or another directory.",
        )
    return authority


def load(directory: Path) -> Authority:
    """Read what ``prepare`` made. Raises StateUnusable."""
    try:
        base_url = json.loads((directory / _DONE).read_text("utf-8"))["base_url"]
        root, issuing, ocsp, tsa = (
            _read_issuer(directory, label) for label in ("root", "issuing", "ocsp", "tsa")
        )
        secret = (directory / SECRET).read_text("ascii").strip()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateUnusable(
            f"Thư mục {directory} không chứa CA dùng được. Chạy: python -m devca init --dir {directory}",
            f"{directory} does not hold a usable CA. Run: python -m devca init --dir {directory}",
            detail=repr(error),
        ) from error
    return Authority(base_url, secret, root, issuing, ocsp, tsa, Index(directory / "index.sqlite"))


def _make(directory: Path, base_url: str, now: datetime) -> None:
    """A crash half-way leaves no ``devca.json``, so the next start makes everything anew."""
    now = now.replace(microsecond=0)
    index_path = directory / "index.sqlite"
    index_path.unlink(missing_ok=True)
    index = Index(index_path)

    root_key = ec.generate_private_key(ec.SECP256R1())
    root = Issuer("root", build_ca(names.ROOT, root_key, now=now), root_key)
    issuing_key = ec.generate_private_key(ec.SECP256R1())
    certificate = build_ca(names.ISSUING, issuing_key, now=now, issuer=root, base_url=base_url)
    issuing = Issuer("issuing", certificate, issuing_key)
    index.record(issuing.certificate, "root", "ca", now=now)
    made = [root, issuing]
    for label, subject, profile in (
        ("ocsp", names.OCSP, OCSP_RESPONDER),
        ("tsa", names.TSA, TIMESTAMPING),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = build_leaf(
            subject,
            key.public_key(),
            profile,
            issuing,
            base_url,
            not_before=now - timedelta(minutes=5),
            not_after=now - timedelta(minutes=5) + MAX_LIFETIME,
        )
        index.record(certificate, "issuing", profile.name, now=now)
        made.append(Issuer(label, certificate, key))

    for issuer in made:
        private = issuer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(directory / f"{issuer.label}.key.pem", private, mode=0o600)
        _write(directory / f"{issuer.label}.pem", issuer.certificate.public_bytes(Encoding.PEM), mode=0o644)
    _write(directory / SECRET, secrets.token_urlsafe(32).encode() + b"\n", mode=0o600)
    _write(directory / _DONE, json.dumps({"base_url": base_url}).encode() + b"\n", mode=0o644)


def _read_issuer(directory: Path, label: str) -> Issuer:
    certificate = x509.load_pem_x509_certificate((directory / f"{label}.pem").read_bytes())
    key = load_pem_private_key((directory / f"{label}.key.pem").read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise ValueError(f"{label}: key and certificate do not belong together")
    return Issuer(label, certificate, key)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """The file appears whole, and was never open to more people than ``mode`` says."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with (directory / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
