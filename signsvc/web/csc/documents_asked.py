"""Read signDoc's documentDigests and documents (v2.0.0.2 §11.11)."""

from dataclasses import dataclass
from typing import Any

from hsm.client import SignatureAlgorithm
from signsvc.pades.levels import Level
from signsvc.usecases.csc_refusal import CscRefused, invalid
from signsvc.web.csc.algorithms import HASH_NAMES, SALT_BYTES, check_algorithms, contradiction
from signsvc.web.csc.parameters import SHA256, Given, read_base64, read_hashes

MAX_DOCUMENTS = 100
LEVELS = {
    "ades-b-b": Level.B_B, "ades-b": Level.B_B, "ades-b-t": Level.B_T, "ades-t": Level.B_T,
    "ades-b-lt": Level.B_LT, "ades-lt": Level.B_LT, "ades-b-lta": Level.B_LTA, "ades-lta": Level.B_LTA,
}  # fmt: skip
PROPERTIES = {"Reason": "reason", "Location": "location", "ContactInfo": "contact"}
MAX_PROPERTY = 200


@dataclass(frozen=True, slots=True)
class DocumentAsked:
    """``properties``: reason, location, contact."""

    content: bytes
    level: Level
    properties: dict[str, str]


def read_documents(asked: Given, algorithm: SignatureAlgorithm) -> list[DocumentAsked]:
    """Raises CscRefused."""
    entries = _entries(asked.find("documents"), "Invalid array parameter documents")
    found = []
    for entry in entries:
        level = _read_common(entry, algorithm)
        content = read_base64(entry.find("document"))
        if not content:
            raise CscRefused("Invalid Base64 documents string parameter")
        found.append(DocumentAsked(content, level, _properties(entry.find("signed_props"))))
    return found


def read_digests(asked: Given, algorithm: SignatureAlgorithm) -> list[tuple[bytes, Level]]:
    """Every hash of every entry, in order. Raises CscRefused."""
    entries = _entries(asked.find("documentDigests"), "Invalid object parameter documentDigests")
    found = []
    for entry in entries:
        if entry.find("hashAlgorithmOID") in HASH_NAMES.keys() - {SHA256}:
            raise contradiction()
        level = _read_common(entry, algorithm)
        # B-LT lives in the document, which we are not given.
        if level.long_term:
            raise invalid("conformance_level")
        if entry.find("signed_props"):
            raise _wrong_properties(["they belong to the document"])
        hashes = entry.find("hashes", "hash")
        # The standard's own example has a single string here.
        listed = [hashes] if isinstance(hashes, str) else hashes
        found += [(digest, level) for digest in read_hashes(listed, "hashes", words="hashes")]
    return found


def check_one_of_two(asked: Given) -> None:
    """Raises CscRefused."""
    digests, documents = asked.find("documentDigests"), asked.find("documents")
    if digests and documents:
        raise CscRefused("Both documentDigests and documents parameters passed")
    if not digests and not documents:
        raise CscRefused("Empty documentDigests and documents objects")


def _entries(listed: Any, refusal: str) -> list[Given]:
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise CscRefused(refusal)
    if len(listed) > MAX_DOCUMENTS:
        raise CscRefused(refusal, detail="too many")
    return [Given(one) for one in listed]


def _read_common(entry: Given, algorithm: SignatureAlgorithm) -> Level:
    if entry.text("signature_format") != "P":
        raise invalid("signature_format")
    named = entry.find_text("conformance_level")
    level = LEVELS.get("ades-b-b" if named is None else named.lower())
    if level is None:
        raise invalid("conformance_level")
    # A certification would forbid the signatures that come after ours: numbers, seals, copies.
    if entry.find("signed_envelope_property") not in (None, "Revision"):
        raise invalid("signed_envelope_property")
    # The CMS names a salt as long as the hash.
    if check_algorithms(entry, algorithm, "v2") not in (0, SALT_BYTES):
        raise invalid("signAlgoParams")
    return level


def _properties(listed: Any) -> dict[str, str]:
    if listed is None:
        return {}
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise _wrong_properties(["not an array of attributes"])
    values = {str(one.get("attribute_name")): _text(one.get("attribute_value")) for one in listed}
    wrong = [name[:60] for name, value in values.items() if name not in PROPERTIES or value is None]
    if wrong:
        raise _wrong_properties(wrong)
    return {PROPERTIES[name]: value or "" for name, value in values.items()}


def _text(value: Any) -> str | None:
    encoded = read_base64(value)
    try:
        text = encoded.decode() if encoded is not None else None
    except UnicodeDecodeError:
        return None
    return text if text is not None and len(text) <= MAX_PROPERTY and text.isprintable() else None


def _wrong_properties(names: list[str]) -> CscRefused:
    return CscRefused(f"Invalid parameter signed_props ({', '.join(names)})")
