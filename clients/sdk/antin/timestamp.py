"""Time-stamps (RFC 3161) on a file's hash."""

import base64
import binascii
import secrets

from antin.connection import Connection
from antin.errors import ProofRefused


def timestamp(connection: Connection, sha256: bytes) -> bytes:
    """A TimeStampToken over a SHA-256 digest: DER. Raises ProofRefused when it is for something else.

    That it holds our digest and our nonce is checked; its signature is for a verifier that knows
    the authority (``openssl ts -verify``).
    """
    nonce = secrets.token_bytes(8)
    # RFC 3161 §2.4.1 makes it an INTEGER: positive, no leading zeros, so that its DER is its bytes.
    nonce = bytes([nonce[0] & 0x7F | 0x40]) + nonce[1:]
    answer = connection.members(
        "POST",
        "/v1/timestamp",
        json={
            "hash": base64.b64encode(sha256).decode(),
            "hash_algorithm": "sha256",
            "nonce": nonce.hex(),
        },
    )
    try:
        token = base64.b64decode(answer["timestamp"], validate=True)
    except (KeyError, ValueError, TypeError, binascii.Error) as error:
        raise _not_ours() from error
    if sha256 not in token or b"\x02\x08" + nonce not in token:
        raise _not_ours()
    return token


def as_response(token: bytes) -> bytes:
    """The token in a TimeStampResp of status "granted" (RFC 3161 §2.4.2): what a .tsr file holds."""
    body = b"\x30\x03\x02\x01\x00" + token
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    size = length if len(body) < 0x80 else bytes([0x80 | len(length)]) + length
    return b"\x30" + size + body


def _not_ours() -> ProofRefused:
    return ProofRefused(
        "Dấu thời gian trả về không phải cho tệp này.", "The time-stamp that came back is not for this file."
    )
