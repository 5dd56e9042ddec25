"""What the key signs for each of the act's items: checked against what was approved."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa

from hsm.acts.act import SHA256_BYTES, ActItem, SignAct
from hsm.acts.directory import KnownCredential
from hsm.acts.redeem import NOT_AUTHORISED
from hsm.acts.signed_attributes import check_signed_attributes, find_message_digest
from hsm.algorithms import PSS_SALT, SignatureAlgorithm
from hsm.errors import ActMalformed, GrantRefused


@dataclass(frozen=True, slots=True)
class ItemToSign:
    """What the caller hands in for one of the act's items: one of the two, the other empty."""

    digest: bytes = b""
    signed_attributes: bytes = b""


def to_be_signed(
    act: SignAct, positions: Sequence[int], items: Sequence[ItemToSign], known: KnownCredential
) -> tuple[bytes, ...]:
    """The SHA-256 that the key signs for each item, each checked against what was approved."""
    if len(items) != len(positions):
        raise ActMalformed("There must be one item for each of the act's items.")
    return tuple(
        _one_to_be_signed(act.items[position], item, known, act.algorithm)
        for position, item in zip(positions, items, strict=True)
    )


def _one_to_be_signed(
    approved: ActItem, item: ItemToSign, known: KnownCredential, algorithm: SignatureAlgorithm
) -> bytes:
    if item.digest:
        return _bare_digest(approved, item)
    if not item.signed_attributes:
        raise ActMalformed("Each item needs its digest, or its CMS signed attributes.")
    # A digest approved as it is may also be that of the document which the attributes carry; never the
    # other way round: a prepared document's digest is not signed bare.
    check_signed_attributes(
        item.signed_attributes,
        document_digest=approved.digest or find_message_digest(item.signed_attributes),
        certificate=known.certificates[0],
        algorithm=algorithm,
    )
    return hashlib.sha256(item.signed_attributes).digest()


def _bare_digest(approved: ActItem, item: ItemToSign) -> bytes:
    if approved.kind == "prepared":
        raise ActMalformed("A prepared document is signed by its CMS signed attributes.")
    authorised = approved.kind == "open" or hmac.compare_digest(item.digest, approved.digest)
    if item.signed_attributes or not authorised:
        raise GrantRefused(NOT_AUTHORISED, reason="digest")
    if len(item.digest) != SHA256_BYTES:
        raise ActMalformed("A digest is a SHA-256 of 32 bytes.")
    return item.digest


def named_digest(item: ItemToSign) -> bytes:
    """The digest by which an item is found. Raises ApprovalRefused."""
    return item.digest or find_message_digest(item.signed_attributes)


def check_salt(known: KnownCredential, salt_length: int) -> None:
    """Only RSASSA-PSS has one, from the hash's length to what the key takes (RFC 8017 §9.1.1).

    Raises ActMalformed.
    """
    if salt_length == PSS_SALT:
        return
    key = known.public_key
    longest = 0
    if known.algorithm is SignatureAlgorithm.PS256 and isinstance(key, rsa.RSAPublicKey):
        longest = (key.key_size + 6) // 8 - SHA256_BYTES - 2
    if not PSS_SALT <= salt_length <= longest:
        raise ActMalformed(f"This key does not sign with a salt of {salt_length} bytes.")
