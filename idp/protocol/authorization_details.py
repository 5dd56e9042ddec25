"""RFC 9396 details of type ``antin_sign``: which documents a token may have signed, by which credential.

The key process believes these words, so everything in them is checked here, and an unknown member
is refused (RFC 9396 §5).
"""

import base64
import binascii
from typing import Any

import orjson

from idp.errors import InvalidAuthorizationDetails
from idp.protocol.client import Client
from idp.protocol.csc_credential import check_csc_detail, is_csc
from idp.protocol.strict_json import parse_strict

ANTIN_SIGN = "antin_sign"
SHA256_OID = "2.16.840.1.101.3.4.2.1"
MAX_ASKED_CHARACTERS = 128 * 1024
# The key process signs at most 64 KiB: three quarters of that in base64url, less the other claims.
MAX_DETAILS_BYTES = 44 * 1024
MAX_DETAILS = 10
MAX_DIGESTS = 100
MAX_LABEL = 500
_MEMBERS = {"type", "credentialID", "documentDigests", "hashAlgorithmOID"}
_DIGEST_MEMBERS = {"hash", "label"}
_SHA256_BASE64 = 44


def granted_details(
    client: Client, asked: str | None, *, person_approves: bool = False
) -> list[dict[str, Any]]:
    """The details as they go into the token; empty when none are asked for.

    ``person_approves``: a person will be asked, so details of the CSC's type may stand among them.
    Raises InvalidAuthorizationDetails.
    """
    if asked is None:
        return []
    if len(asked) > MAX_ASKED_CHARACTERS:
        raise _refused(f"authorization_details is longer than {MAX_ASKED_CHARACTERS} characters.", "size")
    try:
        details = parse_strict(asked)
    except ValueError as error:
        raise _refused("authorization_details is not JSON without repeated members.", "json") from error
    if not isinstance(details, list) or not 0 < len(details) <= MAX_DETAILS:
        raise _refused(f"authorization_details is a list of 1 to {MAX_DETAILS} objects.", "list")
    details = [_checked(client, detail, person_approves=person_approves) for detail in details]
    credentials = [detail["credentialID"] for detail in details]
    if len(set(credentials)) != len(credentials):
        raise _refused("Name each credentialID in one object only.", "credentialID repeated")
    if len(orjson.dumps(details)) > MAX_DETAILS_BYTES:
        raise _refused(
            f"authorization_details has more than {MAX_DETAILS_BYTES} bytes: shorten the labels, or ask for "
            "fewer documents in one token.",
            "size",
        )
    return details


def _checked(client: Client, detail: object, *, person_approves: bool) -> dict[str, Any]:
    if person_approves and isinstance(detail, dict) and is_csc(detail):
        return check_csc_detail(detail)
    _check_detail(client, detail)
    assert isinstance(detail, dict)  # noqa: S101 -- just checked
    return detail


def _check_detail(client: Client, detail: object) -> None:
    if not isinstance(detail, dict) or detail.get("type") != ANTIN_SIGN:
        raise _refused(f"The only type of authorization_details here is {ANTIN_SIGN}.", "type")
    if set(detail) != _MEMBERS:
        raise _refused(
            f"{ANTIN_SIGN} has exactly type, credentialID, documentDigests and hashAlgorithmOID.", "members"
        )
    if detail["hashAlgorithmOID"] != SHA256_OID:
        raise _refused(f"hashAlgorithmOID must be {SHA256_OID} (SHA-256).", "hashAlgorithmOID")
    credential_id = detail["credentialID"]
    if not isinstance(credential_id, str) or credential_id not in client.credential_ids:
        raise _refused("This client is not registered for that credentialID.", "credentialID")
    digests = detail["documentDigests"]
    if not isinstance(digests, list) or not 0 < len(digests) <= MAX_DIGESTS:
        raise _refused(f"documentDigests is a list of 1 to {MAX_DIGESTS} objects.", "documentDigests")
    for digest in digests:
        _check_digest(digest)
    hashes = {digest["hash"] for digest in digests}
    if len(hashes) != len(digests):
        raise _refused("A hash stands in documentDigests twice.", "hash repeated")


def _check_digest(digest: object) -> None:
    if not isinstance(digest, dict) or set(digest) - _DIGEST_MEMBERS or "hash" not in digest:
        raise _refused("An entry of documentDigests has hash and label, nothing else.", "digest members")
    if not _is_sha256(digest["hash"]):
        raise _refused("hash must be the base64 of a SHA-256 digest (32 bytes).", "hash")
    if "label" in digest:
        label = digest["label"]
        # A label is shown to people and stands in the journal: no line breaks, nothing invisible.
        if not isinstance(label, str) or not 0 < len(label) <= MAX_LABEL or not label.isprintable():
            raise _refused(f"label must be 1 to {MAX_LABEL} printable characters.", "label")


def _is_sha256(value: object) -> bool:
    if not isinstance(value, str) or len(value) != _SHA256_BASE64:
        return False
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    # 31 and 33 bytes have 44 characters too. Encoded again, because several spellings of the last
    # character decode to the same bytes.
    return len(digest) == 32 and base64.b64encode(digest).decode() == value


def _refused(message: str, detail: str) -> InvalidAuthorizationDetails:
    return InvalidAuthorizationDetails(message, detail=detail)
