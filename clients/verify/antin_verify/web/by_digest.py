"""/digests/…: was the file with this SHA-256 signed here? The file itself stays with its owner."""

import re
from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for

from antin_verify.errors import DocumentUnfit, NotSignedHere
from antin_verify.pages import page
from antin_verify.services import Services

# Digests are copied from many programs: capitals, spaces, colons, and the name some put before or behind.
_NOISE = re.compile(r"[\s:.-]")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def digest_pages(services: Services) -> Blueprint:
    """What is found was written when the file was signed: it is no verification of the file."""
    pages = Blueprint("by_digest", __name__)

    @pages.get("/digests")
    def ask() -> Any:
        return redirect(url_for("by_digest.show", sha256=read_digest(request.args.get("d", ""))), 303)

    @pages.get("/digests/<sha256>")
    def show(sha256: str) -> Response:
        digest = read_digest(sha256)
        try:
            signatures = services.signing().find(
                digest, caller=request.remote_addr or "", request_id=g.request_id
            )
        except NotSignedHere:
            return page("digest.html", status=404, digest=digest, signatures=[])
        return page("digest.html", digest=digest, signatures=signatures)

    return pages


def read_digest(typed: str) -> str:
    """64 lower-case hexadecimal digits. Raises DocumentUnfit."""
    digest = _NOISE.sub("", typed.lower().removeprefix("sha256:").removeprefix("sha-256:"))
    if not _DIGEST.fullmatch(digest):
        raise DocumentUnfit(
            "Mã băm SHA-256 gồm đúng 64 chữ số và chữ cái từ a đến f. Hãy sao chép lại cho đủ.",
            "A SHA-256 digest is exactly 64 digits and letters from a to f. Copy it once more, all of it.",
            code="digest_malformed",
            status=400,
        )
    return digest
