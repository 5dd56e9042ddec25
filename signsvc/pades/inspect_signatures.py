"""The signatures a document brings along: they must hold, or signing again would only cover up."""

import hashlib

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signsvc.pades.certification import check_changes_allowed
from signsvc.pades.errors import DocumentRefused
from signsvc.pades.findings import Finding

_WEAK = {"sha1", "md5", "md2"}


def find_signature_problems(reader: PdfFileReader) -> tuple[list[str], list[Finding]]:
    """The digest (hex) that each signature signed, in order, time-stamps left out; what is wrong with any."""
    findings: list[Finding] = []
    signatures = list(reader.embedded_signatures)
    for signature in signatures:
        if _is_weak(signature):
            findings.append(
                _refuse(
                    "weak-signature",
                    f"chữ ký {signature.field_name} dùng hàm băm đã lỗi thời.",
                    f"the signature {signature.field_name} uses a hash function that is broken.",
                )
            )
        if not _holds(signature):
            findings.append(
                _refuse(
                    "broken-signature",
                    f"chữ ký {signature.field_name} có sẵn không còn hợp lệ.",
                    f"the signature {signature.field_name} in it is not valid.",
                )
            )
    try:
        check_changes_allowed(reader)
    except DocumentRefused as refused:
        findings.extend(refused.findings)
    return [one.compute_digest().hex() for one in reader.embedded_regular_signatures], findings


def _is_weak(signature: EmbeddedPdfSignature) -> bool:
    return str(signature.signer_info["digest_algorithm"]["algorithm"].native) in _WEAK


def _holds(signature: EmbeddedPdfSignature) -> bool:
    """Is the digest the document's and the signature the certificate's? Trust is not asked here."""
    info = signature.signed_data["encap_content_info"]
    content_type = info["content_type"].native
    digest = signature.compute_digest()
    if content_type == "tst_info":
        token = info["content"]
        imprint = token.parsed["message_imprint"]["hashed_message"].native
        if imprint != digest:
            return False
        name = signature.signer_info["digest_algorithm"]["algorithm"].native
        digest = hashlib.new(name, bytes(token)).digest()
    intact, valid = validate_sig_integrity(signature.signer_info, signature.signer_cert, content_type, digest)
    return bool(intact and valid)


def _refuse(code: str, message: str, message_en: str) -> Finding:
    return Finding(code, "refuse", message, message_en)
