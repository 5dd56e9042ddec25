"""Scope ``credential`` of the CSC API: which hashes a person shall approve to be signed, by which credential.

Either as RFC 9396 details (v2.0.0.2 §8.3, v2.2 names the type by a URI) or as the query parameters of
v1.0.4 §8.3.2 and v2.0.0.2 §8.2.2. What is asked for is approved on the signing service's own page, never
here.

``preparedSignatures`` is an extension of ours: ids of signatures that this client prepared at the signing
service (``POST /v1/signatures``), instead of digests. What they are is read there, never from the client.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from idp.errors import InvalidAuthorizationDetails

CREDENTIAL_SCOPE = "credential"
CSC_SCOPES = frozenset({"service", CREDENTIAL_SCOPE})
CSC_TYPES = ("credential", "https://cloudsignatureconsortium.org/2025/credential")
SHA256_OID = "2.16.840.1.101.3.4.2.1"
MAX_DIGESTS = 1000
MAX_TEXT = 500
_MEMBERS = {
    "type", "credentialID", "numSignatures", "documentDigests", "hashAlgorithmOID", "locations",
    "preparedSignatures",
}  # fmt: skip
_DIGEST_MEMBERS = {"hash", "label", "hashType"}
_SIGNATURE_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


def is_csc(detail: Mapping[str, Any]) -> bool:
    return detail.get("type") in CSC_TYPES


def check_csc_detail(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The detail as it is kept: numSignatures and labels filled in. Raises InvalidAuthorizationDetails."""
    if set(detail) - _MEMBERS:
        raise _refused("A credential detail has an unknown member.", "members")
    credential_id = detail.get("credentialID")
    if not isinstance(credential_id, str) or not 0 < len(credential_id) <= 200:
        raise _refused("credentialID is missing.", "credentialID")
    digests = detail.get("documentDigests", [])
    if not isinstance(digests, list) or len(digests) > MAX_DIGESTS:
        raise _refused(f"documentDigests is a list of at most {MAX_DIGESTS} objects.", "documentDigests")
    if digests and detail.get("hashAlgorithmOID", SHA256_OID) != SHA256_OID:
        raise _refused(f"hashAlgorithmOID must be {SHA256_OID} (SHA-256).", "hashAlgorithmOID")
    prepared = _prepared(detail, digests)
    count = detail.get("numSignatures", len(digests) or len(prepared))
    if prepared and count != len(prepared):
        raise _refused("numSignatures is not the number of preparedSignatures.", "numSignatures")
    if isinstance(count, bool) or not isinstance(count, int) or not len(digests) <= count <= MAX_DIGESTS:
        raise _refused("numSignatures is a number, and not below that of the digests.", "numSignatures")
    if count < 1:
        raise _refused("numSignatures is missing.", "numSignatures")
    return {
        "type": detail["type"],
        "credentialID": credential_id,
        "numSignatures": count,
        "documentDigests": [_digest(one) for one in digests],
        "hashAlgorithmOID": SHA256_OID,
    } | ({"preparedSignatures": prepared} if prepared else {})


def detail_of_parameters(get: Any, scopes: frozenset[str]) -> dict[str, Any] | None:
    """The query parameters as a detail; None when scope ``credential`` is not asked for.

    ``get``: a parameter by name, "" when absent. Raises InvalidAuthorizationDetails.
    """
    if CREDENTIAL_SCOPE not in scopes:
        return None
    # Base64url, comma-joined; v1 says hash.
    listed = [one for one in (get("hashes") or get("hash")).split(",") if one]
    title = get("description")[:MAX_TEXT]
    count = get("numSignatures")
    detail: dict[str, Any] = {
        "type": CSC_TYPES[0],
        "credentialID": get("credentialID"),
        "documentDigests": [{"hash": _standard_base64(one), "label": title} for one in listed],
    }
    if count:
        if not count.isascii() or not count.isdigit() or len(count) > 5:
            raise _refused("numSignatures is a number.", "numSignatures")
        detail["numSignatures"] = int(count)
    if get("hashAlgorithmOID"):
        detail["hashAlgorithmOID"] = get("hashAlgorithmOID")
    return check_csc_detail(detail)


def _prepared(detail: Mapping[str, Any], digests: list[Any]) -> list[str]:
    if "preparedSignatures" not in detail:
        return []
    prepared = detail["preparedSignatures"]
    if digests:
        raise _refused("Name documentDigests or preparedSignatures, not both.", "both")
    if not isinstance(prepared, list) or not 0 < len(prepared) <= MAX_DIGESTS:
        raise _refused(f"preparedSignatures is a list of 1 to {MAX_DIGESTS} ids.", "preparedSignatures")
    if not all(isinstance(one, str) and _SIGNATURE_ID.fullmatch(one) for one in prepared):
        raise _refused("An id in preparedSignatures is 32 hexadecimal digits.", "preparedSignatures")
    if len(set(prepared)) != len(prepared):
        raise _refused("An id stands in preparedSignatures twice.", "preparedSignatures")
    return prepared


def _digest(one: object) -> dict[str, str]:
    if not isinstance(one, dict) or set(one) - _DIGEST_MEMBERS:
        raise _refused(
            "An entry of documentDigests has hash, label and hashType, nothing else.", "digest members"
        )
    # SDR would be the digest of a prepared document, whose signer has been shown it; that is signDoc's way.
    if one.get("hashType", "DTBSR") != "DTBSR":
        raise _refused("hashType must be DTBSR.", "hashType")
    hashed, label = one.get("hash"), one.get("label", "")
    if not isinstance(hashed, str) or _decoded(hashed) is None:
        raise _refused("hash must be the base64 of a SHA-256 digest (32 bytes).", "hash")
    if not isinstance(label, str) or len(label) > MAX_TEXT or not (label.isprintable() or not label):
        raise _refused(f"label must be at most {MAX_TEXT} printable characters.", "label")
    return {"hash": hashed, "label": label}


def _decoded(hashed: str) -> bytes | None:
    try:
        digest = base64.b64decode(hashed, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == 32 and base64.b64encode(digest).decode() == hashed else None


def _standard_base64(value: str) -> str:
    """The one spelling in base64 of what came in base64url, padded or not."""
    return value.rstrip("=").translate(str.maketrans("-_", "+/")) + "=" * (-len(value.rstrip("=")) % 4)


def _refused(message: str, detail: str) -> InvalidAuthorizationDetails:
    return InvalidAuthorizationDetails(message, detail=detail)
