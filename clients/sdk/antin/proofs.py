"""Check that a receipt proves what was approved: offline, with the journal's verifier key."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antin.errors import FileError, ProofRefused
from antin.journal import JournalSummary, verify_export
from antin.receipt import verify_receipt


@dataclass(frozen=True, slots=True)
class Intent:
    """What a journalled signing intent says, as a verified receipt proves it."""

    act_digest: bytes
    digest: bytes
    credential_id: str
    client_id: str
    time: int
    entry: dict[str, Any]


def verify_intent(receipt: dict[str, Any], verifier_key: str) -> Intent:
    """The intent that a receipt proves to be in the journal. Raises ProofRefused; ConfigError for the key."""
    entry = verify_receipt(receipt, verifier_key).entry
    if entry.get("type") != "intent" or "act" not in entry or "digest" not in entry:
        raise _refused("biên nhận không phải của một lần ký", "the receipt is not of a signing")
    try:
        return Intent(
            act_digest=bytes.fromhex(entry["act"]),
            digest=base64.b64decode(entry["digest"], validate=True),
            credential_id=str(entry["credential"]),
            client_id=str(entry["client"]),
            time=int(entry["time"]),
            entry=entry,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _refused("mục nhật ký sai dạng", "the journal's entry is malformed") from error


def check_intent(
    intent: Intent, *, digest: bytes, credential_id: str, client_id: str, act_digest: bytes = b""
) -> None:
    """Refuse an intent for another digest, credential, client or act. Raises ProofRefused."""
    if not digest or intent.digest != digest:
        raise _refused("biên nhận của văn bản khác", "the receipt is for another document")
    if act_digest and intent.act_digest != act_digest:
        raise _refused("biên nhận của phê duyệt khác", "the receipt is for another act")
    if (intent.credential_id, intent.client_id) != (credential_id, client_id):
        raise _refused(
            "biên nhận của chứng thư hay hệ thống khác", "the receipt is for another credential or client"
        )


def verify_journal(entries: Path, checkpoint: Path, verifier_key: str) -> JournalSummary:
    """Recompute an exported journal and compare it with a checkpoint.

    Raises ProofRefused, FileError; ConfigError for the key.
    """
    try:
        note = checkpoint.read_text(encoding="utf-8")
        with entries.open(encoding="utf-8") as lines:
            return verify_export(lines, note, verifier_key)
    except OSError as error:
        raise FileError(
            f"Không đọc được {error.filename}: {error.strerror}.",
            f"Cannot read {error.filename}: {error.strerror}.",
        ) from error
    except UnicodeDecodeError as error:
        raise _refused("tệp nhật ký không phải văn bản UTF-8", "the export is not UTF-8 text") from error


def _refused(vi: str, en: str) -> ProofRefused:
    return ProofRefused(
        f"{vi[0].upper()}{vi[1:]}. Kiểm tra verifier_key; nếu đúng, báo quản trị và đừng dùng tệp.",
        f"{en[0].upper()}{en[1:]}. Check verifier_key; if it is right, tell the operators and do not use it.",
    )
