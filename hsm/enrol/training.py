"""Tell training certificates from real ones."""

import re
import unicodedata
from collections.abc import Sequence

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

# RFC 5612: below the enterprise number kept for documentation, so never a real authority's policy.
TRAINING_POLICY = "1.3.6.1.4.1.32473.2026.1"
_MARK = re.compile(r"(?<!\w)MẪU(?!\w)")


def is_training(chain: Sequence[x509.Certificate]) -> bool:
    """Whether any certificate of the chain asserts the training policy or was issued by a CA named MẪU.

    One mark is enough. Only issuers' names count: a kindergarten (TRƯỜNG MẪU GIÁO) has the word in
    its own name, and its certificate is real.
    """
    return any(_has_policy(certificate) or _issuer_is_marked(certificate) for certificate in chain)


def _parsed(certificate: x509.Certificate) -> asn1_x509.Certificate:
    # asn1crypto, because cryptography counts octets and complains of long Vietnamese names.
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _has_policy(certificate: x509.Certificate) -> bool:
    policies = _parsed(certificate).certificate_policies_value
    return policies is not None and any(
        policy["policy_identifier"].dotted == TRAINING_POLICY for policy in policies
    )


def _issuer_is_marked(certificate: x509.Certificate) -> bool:
    for relative_name in _parsed(certificate).issuer.chosen:
        for pair in relative_name:
            value = pair["value"].native
            if isinstance(value, str) and _MARK.search(unicodedata.normalize("NFC", value)):
                return True
    return False
