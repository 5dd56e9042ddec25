"""What is remembered of a file that leaves signed: no more than its certificate shows to everybody."""

from collections.abc import Sequence
from datetime import datetime

from asn1crypto import x509

from signsvc.pades.validation.certificate import describe_signer, is_training
from signsvc.pades.validation.trust_settings import TRAINING_POLICIES
from signsvc.store.issued import IssuedFile
from signsvc.store.signatures import StoredSignature


def issued_file(
    held: StoredSignature, sha256: str, certificates: Sequence[bytes], now: datetime
) -> IssuedFile:
    """``sha256``: of the finished file, hexadecimal; ``certificates``: DER, the signer's first."""
    certificate = x509.Certificate.load(certificates[0])
    signer = describe_signer(certificate)
    return IssuedFile(
        sha256=sha256,
        base_sha256=held.base_sha256,
        signed_at=now,
        signer=signer.name,
        organisation=signer.managing_unit or "",
        title=signer.title or "",
        level=held.level,
        training=is_training(certificate, TRAINING_POLICIES),
        leaf_index=held.leaf_index,
    )
