"""Take a PDF from a request to disk: raw or multipart, in chunks, hashed on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser

from signsvc.errors import MediaTypeRefused, RequestRefused
from signsvc.store.files import CHUNK, Files, IncomingFile, too_large

PDF = "application/pdf"
MULTIPART = "multipart/form-data"
MEDIA: dict[str, dict[str, Any]] = {
    PDF: {"schema": {"type": "string", "format": "binary"}},
    MULTIPART: {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}},
        }
    },
}
_FIELDS = 64 * 1024
# What multipart framing and fields may add to the file.
_FRAMING = 128 * 1024
_MAGIC = b"%PDF-"


@dataclass(frozen=True, slots=True)
class Received:
    """``fields``: the form's other fields; ``name``: what the client calls the file, or empty."""

    file: IncomingFile
    name: str
    fields: Mapping[str, str]


def receive_document(files: Files, max_bytes: int) -> Received:
    """The request's document. The caller owns the file: ``with received.file: … received.file.keep()``.

    Raises BodyTooLarge, MediaTypeRefused, RequestRefused, StoreUnavailable.
    """
    if request.mimetype not in (PDF, MULTIPART):
        raise MediaTypeRefused(
            f"Gửi tài liệu với Content-Type: {PDF}, hoặc {MULTIPART} với trường file.",
            f"Send the document with Content-Type: {PDF}, or {MULTIPART} with a field named file.",
        )
    allowed = max_bytes + (_FRAMING if request.mimetype == MULTIPART else 0)
    # Known too large: said before a byte of it is read.
    if request.content_length is not None and request.content_length > allowed:
        raise too_large(max_bytes)
    request.max_content_length = allowed
    try:
        received = (
            _receive_raw(files, max_bytes) if request.mimetype == PDF else _receive_form(files, max_bytes)
        )
    except RequestEntityTooLarge as error:
        raise too_large(max_bytes) from error
    except ClientDisconnected as error:
        raise RequestRefused("Dữ liệu bị ngắt giữa chừng.", "The body was cut short.") from error
    if received.file.size == 0:
        received.file.discard()
        raise RequestRefused("Tệp rỗng.", "The file is empty.")
    return received


def _receive_raw(files: Files, max_bytes: int) -> Received:
    file = files.receive(max_bytes)
    try:
        while chunk := request.stream.read(CHUNK):
            file.write(chunk)
    except BaseException:
        file.discard()
        raise
    file.close()
    return Received(file, "", {})


def _receive_form(files: Files, max_bytes: int) -> Received:
    boundary = request.mimetype_params.get("boundary", "").encode("latin-1")
    if not boundary:
        raise RequestRefused("Thiếu boundary của multipart.", "The multipart boundary is missing.")
    incoming: list[IncomingFile] = []

    def open_part(*_about: Any, **_more: Any) -> IncomingFile:
        if incoming:
            raise RequestRefused("Chỉ gửi một tệp mỗi lần.", "Send one file at a time.")
        incoming.append(files.receive(max_bytes))
        return incoming[0]

    parser = MultiPartParser(
        stream_factory=open_part,  # type: ignore[arg-type]  # it is written to only
        max_form_memory_size=_FIELDS,
        buffer_size=CHUNK,
        max_form_parts=20,
    )
    try:
        form, parts = parser.parse(request.stream, boundary, request.content_length)
        if "file" not in parts:
            raise RequestRefused("Thiếu trường file.", "The field named file is missing.")
        repeated = [name for name, values in form.lists() if len(values) > 1]
        if repeated:
            raise RequestRefused(f"Trường {repeated[0]} bị lặp.", f"The field {repeated[0]} is repeated.")
    except ValueError as error:
        _discard(incoming)
        raise RequestRefused("Dữ liệu multipart bị hỏng.", "The multipart body is broken.") from error
    except BaseException:
        _discard(incoming)
        raise
    incoming[0].close()
    return Received(incoming[0], parts["file"].filename or "", form.to_dict())


def _discard(incoming: list[IncomingFile]) -> None:
    for file in incoming:
        file.discard()
