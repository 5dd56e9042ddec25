"""Sign in one call: the access token, bound to the file's hash, is the approval.

The weakest kind of approval; a credential's profile must list it. What comes back is still checked:
our own bytes first, and a receipt that proves the digest of a byte range which covers them.
"""

import hashlib
import os
from pathlib import Path

from antin.connection import Connection
from antin.delivery import Delivery
from antin.documents import pdf_body, read_body
from antin.errors import ConfigError, DamagedDownload, ProofRefused
from antin.journal_export import get_receipt
from antin.oauth import signing_details
from antin.proofs import check_intent, verify_intent
from antin.signing import SignedDocument, Wishes
from antin.source import Progress, no_progress, source_of


def sign_in_one_call(
    connection: Connection,
    document: str | os.PathLike[str] | bytes,
    wishes: Wishes,
    *,
    client_id: str,
    verifier_key: str,
    output: Path | None = None,
    replace: bool = False,
    name: str = "",
    progress: Progress = no_progress,
) -> SignedDocument:
    """Get a token for this file, send it, check what comes back, deliver it.

    Raises ConfigError for what only the prepared way can do, DamagedDownload, ProofRefused.
    """
    source = source_of(document, name)
    params = _params(wishes, source.name)
    with Delivery(output, replace=replace, source=source.path) as delivery:
        token = connection.login(
            details=signing_details(wishes.credential_id, source.hash(), params["title"]),
            # The key process spends a token once for each file.
            fresh=True,
        )
        own, whole, size = b"", hashlib.sha256(), 0

        def take(chunk: bytes) -> None:
            nonlocal own, size
            rest = max(0, source.size - size)
            whole.update(chunk[:rest])
            if size <= source.size <= size + len(chunk):
                own = whole.digest()
            whole.update(chunk[rest:])
            size += len(chunk)
            delivery.write(chunk)

        with connection.streamed(
            "POST",
            "/v1/sign",
            params=params,
            body=pdf_body(source, progress),
            accept="application/pdf",
            token=token,
        ) as response:
            read_body(response, take, progress)
            signature_id = response.headers.get("Antin-Signature-Id", "")
            leaf = response.headers.get("Antin-Leaf-Index", "")
        if size <= source.size or own != source.sha256:
            raise DamagedDownload(
                "Tệp nhận về không bắt đầu bằng đúng tệp gốc; không lưu.",
                "The file that came back does not begin with our own file; it was not kept.",
            )
        if not leaf.isdecimal():
            raise ProofRefused(
                "Dịch vụ không trả biên nhận; không lưu tệp.",
                "The service gave no receipt; the file was not kept.",
            )
        receipt = get_receipt(connection, int(leaf))
        intent = verify_intent(receipt, verifier_key)
        digest = delivery.covered(intent.digest, at_least=source.size)
        check_intent(intent, digest=digest, credential_id=wishes.credential_id, client_id=client_id)
        content = delivery.keep()
    return SignedDocument(
        signature_id=signature_id,
        level=wishes.level,
        sha256=whole.hexdigest(),
        size=size,
        leaf_index=int(leaf),
        receipt=receipt,
        path=output,
        content=content,
    )


def _params(wishes: Wishes, name: str) -> dict[str, str]:
    visible = wishes.visible
    if wishes.on_unavailable == "wait" or (visible and visible.image):
        raise ConfigError(
            "Ký một lần gọi không chờ và không nhận ảnh: bỏ --one-call, hoặc bỏ --wait/--image.",
            "One-call signing neither waits nor takes an image: drop --one-call, or --wait and --image.",
        )
    params = {
        "credential_id": wishes.credential_id,
        "level": wishes.level,
        "title": wishes.title or name,
    }
    if visible:
        params |= {"page": str(visible.page), "rect": ",".join(f"{number:g}" for number in visible.rect)}
        if visible.text:
            params["text"] = visible.text
    return params
