"""Take one PDF out of a form, straight to where it may be kept: it is never whole in memory."""

from contextlib import suppress
from typing import IO, Any

from flask import Request, current_app, g
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from antin_verify.errors import DocumentUnfit, not_a_pdf, too_large
from antin_verify.kept import IncomingDocument
from antin_verify.services import SERVICES, Services

# What the form's framing and its other fields may add to the file.
FRAMING = 64 * 1024
# ISO 32000-1, Annex H.3.4.1: readers take the header anywhere in the first 1024 bytes.
_MAGIC = b"%PDF-"


class StreamedRequest(Request):
    """Its uploaded file goes to the folder of kept results instead of a temporary file."""

    def _get_file_stream(self, *_about: Any, **_more: Any) -> IO[bytes]:
        if "incoming" in g:
            raise DocumentUnfit(
                "Chỉ kiểm tra một tệp mỗi lần.", "Check one file at a time.", code="several_files"
            )
        services: Services = current_app.extensions[SERVICES]
        g.incoming = services.kept.receive(self.content_length or 0)
        stream: IO[bytes] = g.incoming
        return stream


def receive_document(request: Request, limit: int) -> tuple[IncomingDocument, str]:
    """The file and what its owner calls it. ``discard_incoming`` ends it, whatever happens here.

    Raises DocumentUnfit, TryLater.
    """
    # Known too large: said before a byte of it is read.
    if (request.content_length or 0) > limit + FRAMING:
        raise too_large(limit)
    request.max_content_length = limit + FRAMING
    try:
        sent = request.files.get("file")
    except RequestEntityTooLarge as error:
        raise too_large(limit) from error
    except HTTPException as error:
        raise DocumentUnfit(
            "Tệp gửi lên bị ngắt giữa chừng. Hãy thử lại.",
            "The upload was cut short. Please try again.",
            code="cut_short",
        ) from error
    document: IncomingDocument | None = g.get("incoming")
    if sent is None or document is None or not document.size:
        raise DocumentUnfit(
            "Hãy chọn tệp PDF cần kiểm tra trước khi bấm nút.",
            "Choose the PDF file to be checked before you press the button.",
            code="no_file",
        )
    document.close()
    if _MAGIC not in document.beginning[:1024]:
        raise not_a_pdf()
    return document, clean_name(sent.filename or "")


def discard_incoming() -> None:
    """At the end of every request: what was not kept is gone."""
    document: IncomingDocument | None = g.pop("incoming", None)
    if document is not None:
        with suppress(OSError):
            document.discard()


def clean_name(name: str) -> str:
    """A file name for people: no path, no control characters, never empty."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(letter for letter in last if letter.isprintable()).strip().lstrip(".")
    return clean[-120:] or "document.pdf"
