"""Documents: sent and fetched in chunks, with the progress told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from antin.connection import Body, Connection
from antin.errors import DamagedDownload, Finding, NetworkError
from antin.problems import findings_of
from antin.source import CHUNK, Progress, Source, no_progress

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class UploadedDocument:
    """What the service says of an uploaded document. ``sha256`` is hex, ``size`` in bytes."""

    document_id: str
    name: str
    sha256: str
    size: int
    pages: int
    signatures: int
    pdfa: str
    findings: tuple[Finding, ...]


def pdf_body(source: Source, progress: Progress = no_progress) -> Body:
    """The document as a request body; each try reads it anew."""
    return Body(open=lambda: source.chunks(progress), size=source.size, media_type=PDF)


def upload(connection: Connection, source: Source, progress: Progress = no_progress) -> UploadedDocument:
    """Send a document. Raises DocumentRefused with findings, DamagedDownload when it arrived changed."""
    members = connection.members(
        "POST", "/v1/documents", params={"name": source.name}, body=pdf_body(source, progress)
    )
    document = parse_document(members)
    if document.sha256 != source.sha256.hex() or document.size != source.size:
        raise DamagedDownload(
            "Dịch vụ nhận được tệp khác tệp đã gửi. Thử gửi lại.",
            "The service received another file than was sent. Send it again.",
        )
    return document


def parse_document(members: dict[str, Any]) -> UploadedDocument:
    """Read a document's JSON. Raises NetworkError when it is not one."""
    try:
        return UploadedDocument(
            document_id=str(members["id"]),
            name=str(members.get("name", "")),
            sha256=str(members["sha256"]),
            size=int(members["size"]),
            pages=int(members.get("pages") or 0),
            signatures=_count(members.get("signatures")),
            pdfa=str(members.get("pdfa") or ""),
            findings=findings_of(members.get("findings")),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise NetworkError(
            "Trả lời về văn bản thiếu trường. Phiên bản dịch vụ có khớp SDK không?",
            "The answer about the document lacks members. Does the service fit this SDK?",
        ) from error


def discard(connection: Connection, document_id: str) -> None:
    """Ask the service to forget a document."""
    connection.call("DELETE", f"/v1/documents/{quote(document_id, safe='')}")


def read_body(
    response: httpx.Response, take: Callable[[bytes], None], progress: Progress = no_progress
) -> int:
    """Hand a streamed answer on in chunks; returns its size. Raises NetworkError when it is cut short."""
    try:
        total = int(response.headers.get("Content-Length", "0"))
    except ValueError:
        total = 0
    done = 0
    for chunk in response.iter_bytes(CHUNK):
        take(chunk)
        done += len(chunk)
        progress("download", done, max(total, done))
    return done


def _count(value: object) -> int:
    """The number of signatures, whether told as a number or as a list."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else 0
