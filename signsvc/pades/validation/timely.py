"""Was a CRL's issuer proven to exist while the certificate was valid? (EN 319 102-1 §5.6.2.4)

pyHanko looks for the issuer of a CRL in a path that starts at that issuer, and does not find it there
unless it is self-signed. This is the same question, asked of the certificates themselves.
"""

from collections.abc import Iterable
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from pyhanko_certvalidator.ltv.poe import POEManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer


def has_timely_crl(
    leaf: asn1_x509.Certificate, crls: Iterable[CRLContainer], issuers: Iterable[Any], proofs: POEManager
) -> bool:
    """Is there a CRL of the leaf's issuer, both proven to exist before the leaf expired?"""
    ends = leaf.not_valid_after
    candidates = [issuer for issuer in issuers if issuer.subject == leaf.issuer and proofs[issuer] <= ends]
    return any(
        _signed_by(container, issuer)
        for container in crls
        if container.crl_data.issuer == leaf.issuer and proofs[container] <= ends
        for issuer in candidates
    )


def _signed_by(container: CRLContainer, issuer: Any) -> bool:
    try:
        key: Any = x509.load_der_x509_certificate(issuer.dump()).public_key()
        return x509.load_der_x509_crl(container.crl_data.dump()).is_signature_valid(key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
