"""The names and object identifiers that mark everything made here as training material."""

from cryptography import x509
from cryptography.x509.oid import NameOID

MARK = "MẪU"

# RFC 5612: 32473 is the enterprise number reserved for documentation; no real authority owns it.
_ARC = "1.3.6.1.4.1.32473.2026"
TRAINING_POLICY = x509.ObjectIdentifier(f"{_ARC}.1")
TIMESTAMP_POLICY = f"{_ARC}.2"

NOTICE = (
    "CHỨNG THƯ MẪU, chỉ để thử, không có giá trị pháp lý. "
    "Training certificate: for tests only, no legal value."
)

# RFC 5280, Appendix A: ub-common-name is 64 characters; cryptography counts UTF-8 octets, which is stricter.
COMMON_NAME_MAX = 64


def profile_policy(number: int) -> x509.ObjectIdentifier:
    """The policy of one profile, below the training policy's arc."""
    return x509.ObjectIdentifier(f"{TRAINING_POLICY.dotted_string}.{number}")


def own_name(common_name: str) -> x509.Name:
    """The subject of one of devca's own certificates."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"{MARK} - Ấn Tín"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


ROOT = own_name(f"CA gốc {MARK} - Ấn Tín (chỉ để thử)")
ISSUING = own_name(f"CA {MARK} - Ấn Tín (chỉ để thử)")
OCSP = own_name(f"OCSP {MARK} - Ấn Tín (chỉ để thử)")
TSA = own_name(f"TSA {MARK} - Ấn Tín (chỉ để thử)")


def marked(subject: x509.Name) -> x509.Name:
    """The subject with MẪU in front of its common name.

    A common name that has no room for the mark keeps its wording; the mark then stands in an
    organizational unit of its own.
    """
    common_name = subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0]
    text = str(common_name.value)
    if text.startswith(MARK):
        return subject
    with_mark = f"{MARK} - {text}"
    if len(with_mark.encode()) > COMMON_NAME_MAX:
        mark = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"{MARK} - chỉ để thử")
        return x509.Name([*subject, mark])
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, with_mark) if attribute is common_name else attribute
            for attribute in subject
        ]
    )
