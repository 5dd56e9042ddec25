"""Sign digests as they are (DTBS/R), for systems that build their own signature format."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from antin.acts import act_digest, hashes_act
from antin.connection import Connection
from antin.credentials import get_credential
from antin.errors import ConfigError, ProofRefused
from antin.keys import ClientKey
from antin.proofs import check_intent, verify_intent

SHA256_BYTES = 32


@dataclass(frozen=True, slots=True)
class SignedHash:
    """``value``: the signature (ES256: DER ``SEQUENCE {r, s}``; else RSA bytes), verified here."""

    value: bytes
    leaf_index: int
    receipt: dict[str, Any] = field(repr=False)


def sign_hashes(
    connection: Connection,
    hashes: Sequence[tuple[bytes, str]],
    credential_id: str,
    *,
    client_id: str,
    key: ClientKey,
    verifier_key: str,
    clock: Callable[[], datetime],
    document_kind: str = "document",
) -> list[SignedHash]:
    """Sign SHA-256 digests, each with the title its signer would read. Order is kept.

    Every value is verified with the credential's certificate and every receipt with the journal's
    key. Raises ConfigError, ProofRefused, ServiceError.
    """
    if not hashes or any(len(digest) != SHA256_BYTES or not title for digest, title in hashes):
        raise ConfigError(
            "Cần ít nhất một giá trị băm SHA-256 (32 byte), mỗi giá trị kèm tiêu đề.",
            "Give at least one SHA-256 digest (32 bytes), each with a title.",
        )
    credential = get_credential(connection, credential_id)
    act = hashes_act(
        client_id=client_id,
        credential_id=credential_id,
        algorithm=credential.algorithm,
        items=hashes,
        now=clock(),
        document_kind=document_kind,
    )
    answer = connection.members(
        "POST",
        "/v1/hashes/sign",
        json={"act": act.decode(), "approval": key.approve(act), "receipts": True},
    )
    signed = _signed(answer, len(hashes))
    for (digest, _title), one in zip(hashes, signed, strict=True):
        credential.check_signature(one.value, digest)
        check_intent(
            verify_intent(one.receipt, verifier_key),
            digest=digest,
            credential_id=credential_id,
            client_id=client_id,
            act_digest=act_digest(act),
        )
    return signed


def _signed(answer: dict[str, Any], count: int) -> list[SignedHash]:
    try:
        values = [base64.b64decode(value, validate=True) for value in answer["signatures"]]
        leaves = [int(index) for index in answer["leaf_indexes"]]
        receipts = [dict(receipt) for receipt in answer["receipts"]]
        if len(values) != count:
            raise ValueError("another number of signatures than digests")
        return [SignedHash(*one) for one in zip(values, leaves, receipts, strict=True)]
    except (KeyError, ValueError, TypeError, binascii.Error) as error:
        raise ProofRefused(
            "Dịch vụ không trả đủ chữ ký và biên nhận.",
            "The service did not return a signature and a receipt for each digest.",
            detail=str(error),
        ) from error
