"""A certificate on a USB token, presented in the TLS handshake that the gateway ends.

The gateway hands on what the browser proved it has the key of; who else could send that header is the
gateway's matter (SECURITY.md). Here: issued directly by one of the authorities that login is trusted to,
valid now, for client authentication, enrolled by its person, and not revoked (certificate_status.py).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from idp.directory.factor import ACTIVE, CERTIFICATE, SUSPENDED, Factor
from idp.directory.person import ACTIVE as PERSON_ACTIVE
from idp.directory.person import Person
from idp.errors import IdpError, LoginRefused
from idp.login.certificate_status import GOOD, REVOKED, UNKNOWN, CertificateStatus
from idp.login.passkeys import check_usable
from idp.login.proofs import Proof
from idp.store.factors import Factors
from idp.store.people import People

# What the settings say of certificates whose status cannot be learnt.
REQUIRED, WHEN_ANSWERED, GATEWAY = "required", "when_answered", "gateway"


class CertificateRevoked(LoginRefused):
    """Its authority says so. ``factor_id``: what was enrolled of it, suspended now."""

    def __init__(self, person_id: str, factor_id: str = "") -> None:
        super().__init__(detail="certificate revoked", person_id=person_id)
        self.factor_id = factor_id


class CertificateUnanswered(LoginRefused):
    """Nobody said whether it is revoked, and without that it is not taken."""


@dataclass(frozen=True, slots=True)
class CertificateLogin:
    """``authorities``: issuing CAs whose certificates are proof of a device. Raises LoginRefused.

    ``status_rule``: required (no answer, no login), when_answered (no answer lets in what is not known to
    be revoked), gateway (it asked before it handed the certificate on).
    """

    people: People
    factors: Factors
    authorities: tuple[x509.Certificate, ...]
    status: CertificateStatus
    status_rule: str = REQUIRED

    def verify(self, certificate: x509.Certificate, now: datetime) -> tuple[Person, Factor, Proof]:
        """Whose it is."""
        self.check(certificate, now)
        factor = self.factors.find_by_handle(CERTIFICATE, fingerprint(certificate))
        person = self.people.find(factor.person_id) if factor else None
        if factor is None or person is None or factor.state != ACTIVE or person.state != PERSON_ACTIVE:
            raise LoginRefused(detail="certificate not enrolled, or not active")
        check_usable(factor, int(now.timestamp()))
        # Last, so that only who has an enrolled certificate has anybody asked.
        if self._find_status(certificate, now) == REVOKED:
            self.factors.change_state(factor.factor_id, factor.person_id, SUSPENDED)
            raise CertificateRevoked(factor.person_id, factor.factor_id)
        self.factors.touch(factor.factor_id, int(now.timestamp()))
        return person, factor, Proof(CERTIFICATE, bound_to_device=True)

    def enrol(
        self,
        person: Person,
        certificate: x509.Certificate,
        label: str,
        now: datetime,
        *,
        usable_from: int = 0,
    ) -> Factor:
        """Raises DirectoryRefused when somebody has it already."""
        self.check(certificate, now)
        if self._find_status(certificate, now) == REVOKED:
            raise CertificateRevoked(person.person_id)
        return self.factors.add(
            person.person_id,
            CERTIFICATE,
            secret=certificate.public_bytes(Encoding.PEM).decode(),
            handle=fingerprint(certificate),
            label=label,
            bound_to_device=True,
            usable_from=usable_from,
            now=int(now.timestamp()),
        )

    def _find_status(self, certificate: x509.Certificate, now: datetime) -> str:
        """Raises CertificateUnanswered when the rule wants an answer and there is none."""
        if self.status_rule == GATEWAY:
            return GOOD
        issuer = next(each for each in self.authorities if _issued(each, certificate, now))
        found = self.status.find(certificate, issuer, now)
        if found == UNKNOWN and self.status_rule == REQUIRED:
            raise CertificateUnanswered(detail="certificate status unknown")
        return found

    def check(self, certificate: x509.Certificate, now: datetime) -> None:
        """RFC 5280 §6 for a path of one certificate below a trusted issuing authority."""
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise LoginRefused(detail="certificate not valid now")
        if not any(_issued(authority, certificate, now) for authority in self.authorities):
            raise LoginRefused(detail="certificate of another authority")
        try:
            usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            usages = None
        if usages is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in usages:
            raise LoginRefused(detail="certificate not for client authentication")
        try:
            constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        except x509.ExtensionNotFound:
            return
        if constraints.ca:
            raise LoginRefused(detail="an authority's certificate")


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER encoding, hex."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def read_authorities(path: Path | None) -> tuple[x509.Certificate, ...]:
    """PEM certificates of the issuing CAs; none without a file. Raises IdpError."""
    if path is None:
        return ()
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise IdpError(detail=f"{path}: no certificates to trust") from error


def _issued(authority: x509.Certificate, certificate: x509.Certificate, now: datetime) -> bool:
    if not authority.not_valid_before_utc <= now <= authority.not_valid_after_utc:
        return False
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
