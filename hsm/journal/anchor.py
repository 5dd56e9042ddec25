"""Anchor checkpoints in time: an authority that is not us says that they existed (RFC 3161).

Beside the tiles, ``anchors/`` holds for each anchored checkpoint ``<size>.checkpoint`` (the signed note,
verbatim) and ``<size>.tsr`` (the TimeStampResp over its SHA-256), which OpenSSL reads too:
``openssl ts -verify -data 7.checkpoint -in 7.tsr -CAfile anchors.pem``; ``index.jsonl`` lists them.
Each file is durable before the next names it, so files are all the record there is.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import structlog
from cryptography import x509

from hsm.errors import JournalError
from hsm.journal.checkpoint import Checkpoint, verify_checkpoint
from hsm.journal.durable_file import replace_durably
from hsm.journal.errors import AnchorInvalid, AnchorUnavailable
from hsm.journal.publish import CHECKPOINT
from hsm.journal.published import PublishedLog
from hsm.journal.timestamp import Timestamp, new_nonce, timestamp_request, verify_response
from hsm.metrics import ANCHORED_AT, ANCHORED_SIZE

ANCHORS = "anchors"
INDEX = "index.jsonl"
MAX_RESPONSE = 64 * 1024
SECONDS = 10.0
MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)
log = structlog.get_logger("hsm")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A checkpoint and its verified time-stamp."""

    checkpoint: Checkpoint
    timestamp: Timestamp


class Anchoring:
    """Anchors what is published in ``directory``. Called from one thread at a time.

    ``urls``: authorities, asked in this order. ``anchors``: the roots they must lead to.
    """

    def __init__(
        self,
        directory: Path,
        verifier_key: str,
        urls: Sequence[str],
        anchors: Sequence[x509.Certificate],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._directory = directory
        self._verifier_key = verifier_key
        self._urls = urls
        self._anchors = anchors
        self._clock = clock

    def anchor(self) -> int:
        """Anchor the published checkpoint unless it is empty or anchored already; its size.

        Raises AnchorUnavailable when no authority gave a valid answer, JournalError.
        """
        folder = self._directory / ANCHORS
        try:
            note = (self._directory / CHECKPOINT).read_bytes()
            checkpoint = verify_checkpoint(note.decode(), self._verifier_key)
            if checkpoint.size == 0 or checkpoint.size in _anchored_sizes(folder):
                return checkpoint.size
            name = str(checkpoint.size)
            response, url, timestamp = self._ask(note)
            folder.mkdir(exist_ok=True)
            replace_durably(folder / f"{name}.checkpoint", note)
            replace_durably(folder / f"{name}.tsr", response)
            line = {
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
                "time": timestamp.time.isoformat(),
                "serial": str(timestamp.serial),
                "authority": timestamp.authority,
                "url": url,
            }
            index = (folder / INDEX).read_bytes() if (folder / INDEX).exists() else b""
            replace_durably(folder / INDEX, index + orjson.dumps(line) + b"\n")
        except OSError as error:
            raise JournalError(f"{folder} cannot be written.", detail=str(error)) from error
        except UnicodeDecodeError as error:
            raise JournalError("The published checkpoint is not text.") from error
        ANCHORED_SIZE.set(checkpoint.size)
        ANCHORED_AT.set(timestamp.time.timestamp())
        log.info("checkpoint_anchored", size=checkpoint.size, time=line["time"], url=url)
        return checkpoint.size

    def _ask(self, note: bytes) -> tuple[bytes, str, Timestamp]:
        digest = hashlib.sha256(note).digest()
        reasons = []
        for url in self._urls:
            nonce = new_nonce()
            try:
                response = _post(url, timestamp_request(digest, nonce))
                # Verified before it is kept: an anchor that proves nothing is worse than none.
                timestamp = verify_response(response, digest, self._anchors, nonce=nonce)
                self._check_fresh(timestamp)
            except AnchorInvalid as error:
                reasons.append(f"{url}: {error.message} {error.detail}".strip())
            except httpx.HTTPError as error:
                reasons.append(f"{url}: {type(error).__name__}")
            else:
                return response, url, timestamp
        raise AnchorUnavailable(
            "No time-stamping authority gave a valid answer.", detail="; ".join(reasons)[:1000]
        )

    def _check_fresh(self, timestamp: Timestamp) -> None:
        now = self._clock()
        if abs(timestamp.time - now) > MAX_CLOCK_DIFFERENCE:
            raise AnchorInvalid(
                "The authority's clock and ours differ.",
                detail=f"{timestamp.time.isoformat()}, ours {now.isoformat()}",
            )


def verify_anchors(directory: Path, verifier_key: str, anchors: Sequence[x509.Certificate]) -> list[Anchor]:
    """Every anchor of a published journal, in order of size.

    Verified: the log's signature of each checkpoint, its time-stamp, that times grow with sizes, and that
    the published tiles contain each. Raises AnchorInvalid, JournalError.
    """
    folder = directory / ANCHORS
    published = PublishedLog(directory, verifier_key)
    verified: list[Anchor] = []
    for size in sorted(_anchored_sizes(folder)):
        try:
            note = (folder / f"{size}.checkpoint").read_bytes()
            response = (folder / f"{size}.tsr").read_bytes()
            checkpoint = verify_checkpoint(note.decode(), verifier_key)
        except (OSError, UnicodeDecodeError) as error:
            raise AnchorInvalid(f"The anchor of {size} entries cannot be read.", detail=str(error)) from error
        if checkpoint.size != size:
            raise AnchorInvalid(f"The anchor of {size} entries is of a checkpoint of {checkpoint.size}.")
        timestamp = verify_response(response, hashlib.sha256(note).digest(), anchors)
        if verified and timestamp.time < verified[-1].timestamp.time:
            raise AnchorInvalid(f"The anchor of {size} entries is older than that of fewer entries.")
        published.check_contains(checkpoint)
        verified.append(Anchor(checkpoint, timestamp))
    return verified


def read_anchors(path: Path) -> list[x509.Certificate]:
    """Root certificates of trusted authorities, PEM. Raises AnchorInvalid."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise AnchorInvalid(f"{path} has no certificates.", detail=str(error)) from error


def _anchored_sizes(folder: Path) -> set[int]:
    try:
        lines = (folder / INDEX).read_bytes().splitlines()
    except FileNotFoundError:
        return set()
    try:
        return {int(orjson.loads(line)["size"]) for line in lines}
    except (ValueError, KeyError, TypeError) as error:
        raise AnchorInvalid(f"{folder / INDEX} is damaged.", detail=repr(error)) from error


def _post(url: str, query: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query"}
    answer = b""
    with (
        httpx.Client(timeout=SECONDS, follow_redirects=False, trust_env=False) as client,
        client.stream("POST", url, content=query, headers=headers) as response,
    ):
        response.raise_for_status()
        for chunk in response.iter_bytes():
            answer += chunk
            if len(answer) > MAX_RESPONSE:
                raise AnchorInvalid("The answer is too long.")
    return answer
