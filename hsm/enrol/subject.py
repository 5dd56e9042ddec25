"""The subject of a certification request, as Vietnamese authorities want it: UTF-8, one value each."""

import re
import unicodedata
from collections.abc import Mapping

from asn1crypto import x509

from hsm.enrol.errors import RequestRefused

# Short name -> (asn1crypto's name, longest value in characters: RFC 5280, Appendix A.1), in the order
# in which the subject is written.
_ATTRIBUTES = {
    "C": ("country_name", 2),
    "ST": ("state_or_province_name", 128),
    "L": ("locality_name", 128),
    "O": ("organization_name", 64),
    "OU": ("organizational_unit_name", 64),
    "organizationIdentifier": ("organization_identifier", 64),
    "title": ("title", 64),
    "SN": ("surname", 64),
    "GN": ("given_name", 64),
    "CN": ("common_name", 64),
    "serialNumber": ("serial_number", 64),
    "UID": ("user_id", 256),
}
# X.520 makes these PrintableString; every other value is UTF8String.
_PRINTABLE = {"C", "serialNumber"}
_PRINTABLE_VALUE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*")


def build_name(subject: Mapping[str, str]) -> x509.Name:
    """An X.501 name from short names (C, ST, L, O, OU, title, CN, serialNumber, UID …).

    Values are normalised to NFC, so that one name has one encoding. Raises RequestRefused.
    """
    unknown = subject.keys() - _ATTRIBUTES.keys()
    if unknown:
        raise RequestRefused(
            f"The subject may have {', '.join(_ATTRIBUTES)}; not: {', '.join(sorted(unknown))[:200]}."
        )
    if not subject.get("CN"):
        raise RequestRefused("The subject needs a CN: the name of the person, office or service.")
    parts = []
    for short, (name, longest) in _ATTRIBUTES.items():
        if short in subject:
            value = _checked(short, subject[short], longest)
            pair = x509.NameTypeAndValue({"type": name, "value": _encoded(short, value)})
            parts.append(x509.RelativeDistinguishedName([pair]))
    return x509.Name(name="", value=x509.RDNSequence(parts))


def _checked(short: str, value: str, longest: int) -> str:
    normal = unicodedata.normalize("NFC", value)
    if not 0 < len(normal) <= longest or normal != normal.strip():
        raise RequestRefused(f"{short} must have 1 to {longest} characters, without blanks at its ends.")
    # Control and format characters (bidirectional overrides among them) would let a name read as another.
    if any(unicodedata.category(character).startswith("C") for character in normal):
        raise RequestRefused(f"{short} contains a control or invisible character.")
    if short in _PRINTABLE and not _PRINTABLE_VALUE.fullmatch(normal):
        raise RequestRefused(f"{short} may have unaccented letters, digits and '()+,-./:=? only.")
    if short == "C" and not re.fullmatch(r"[A-Z]{2}", normal):
        raise RequestRefused("C must be two capital letters (ISO 3166-1), VN for Vietnam.")
    return normal


def _encoded(short: str, value: str) -> x509.DirectoryString:
    kind = "printable_string" if short in _PRINTABLE else "utf8_string"
    return x509.DirectoryString(name=kind, value=value)
