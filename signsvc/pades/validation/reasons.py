"""What the validation may say, in Vietnamese and English."""

from signsvc.pades.validation.verdict import Indication, Reason

TITLES: dict[Indication, tuple[str, str]] = {
    Indication.TOTAL_PASSED: ("Chữ ký số hợp lệ", "The signature is valid"),
    Indication.TOTAL_FAILED: ("Chữ ký số không hợp lệ", "The signature is not valid"),
    Indication.INDETERMINATE: (
        "Cảnh báo: chưa đủ căn cứ kết luận chữ ký số hợp lệ",
        "Warning: there is not enough evidence to call the signature valid",
    ),
    Indication.NO_SIGNATURE: ("Tài liệu không có chữ ký số", "The document has no signature"),
}

_TEXTS: dict[str, tuple[str, str]] = {
    # the document
    "unreadable": (
        "Không đọc được tệp: tệp hỏng hoặc không đúng chuẩn PDF.",
        "The file cannot be read: it is damaged or not a proper PDF.",
    ),
    "too-costly": (
        "Tệp đòi hỏi quá nhiều bộ nhớ hoặc thời gian nên đã dừng kiểm tra.",
        "The file asks for too much memory or time; the check was stopped.",
    ),
    "crashed": (
        "Tiến trình kiểm tra đã dừng bất thường vì tệp này.",
        "The checking process ended abnormally over this file.",
    ),
    "hybrid-xref": (
        "Tệp dùng bảng tham chiếu lai: phần mềm cũ và mới có thể đọc ra nội dung khác nhau.",
        "The file has a hybrid cross-reference table: old and new readers may read it differently.",
    ),
    "encrypted": (
        "Tệp được mã hóa bằng mật khẩu nên không kiểm tra được.",
        "The file is encrypted with a password and cannot be checked.",
    ),
    "no-signature": ("Tài liệu không chứa chữ ký số nào.", "The document contains no signature."),
    "too-many-signatures": (
        "Tài liệu có quá nhiều chữ ký số để kiểm tra ({count}).",
        "The document has too many signatures to check ({count}).",
    ),
    # the form of a signature
    "signature-unreadable": (
        "Không đọc được cấu trúc chữ ký.",
        "The structure of the signature cannot be read.",
    ),
    "unsupported-format": (
        "Định dạng chữ ký {name} không được hỗ trợ.",
        "The signature format {name} is not supported.",
    ),
    "byte-range": (
        "Phạm vi ký (ByteRange) không đúng: {fault}.",
        "The signed range (ByteRange) is wrong: {fault}.",
    ),
    "padding": (
        "Phần đệm sau chữ ký chứa dữ liệu không được ký.",
        "The padding behind the signature holds data that nobody signed.",
    ),
    "not-whole-revision": (
        "Chữ ký không bao phủ toàn bộ phiên bản tài liệu mà nó thuộc về.",
        "The signature does not cover the whole revision that it belongs to.",
    ),
    "overlap": (
        "Phạm vi ký chồng lấn với một chữ ký khác.",
        "The signed range overlaps with that of another signature.",
    ),
    "several-signers": (
        "Một chữ ký chứa nhiều người ký (SignerInfo); phải có đúng một.",
        "One signature holds several signers (SignerInfo); there must be exactly one.",
    ),
    "cms-structure": ("Cấu trúc CMS không đúng: {fault}.", "The CMS structure is wrong: {fault}."),
    "no-signing-certificate": (
        "Thuộc tính signing-certificate-v2 bị thiếu nên không ràng buộc được chứng thư số.",
        "The attribute signing-certificate-v2 is missing: the certificate is not bound to the signature.",
    ),
    "unsigned-attribute": (
        "Chữ ký mang thuộc tính không được ký: {name}.",
        "The signature carries an attribute that nobody signed: {name}.",
    ),
    "certification-not-first": (
        "Chữ ký chứng nhận (certification) không phải là chữ ký đầu tiên.",
        "The certification signature is not the first signature.",
    ),
    "certification-not-single": (
        "Tài liệu có nhiều hơn một chữ ký chứng nhận (certification).",
        "The document has more than one certification signature.",
    ),
    "certification-not-registered": (
        "Danh mục tài liệu không ghi nhận chữ ký chứng nhận này (/Perms).",
        "The document's catalog does not register this certification signature (/Perms).",
    ),
    # the outcome of cryptography and trust
    "changed-content": (
        "Nội dung đã ký bị thay đổi: giá trị băm không khớp.",
        "The signed content was changed: the digest does not match.",
    ),
    "bad-signature": (
        "Giá trị chữ ký không đúng với khóa của chứng thư số.",
        "The signature value does not verify by the certificate's key.",
    ),
    "weak-algorithm": (
        "Thuật toán hoặc độ dài khóa không được chấp nhận: {name}.",
        "The algorithm or key length is not accepted: {name}.",
    ),
    "certificate-not-found": (
        "Không xác định được chứng thư số của người ký, hoặc đó không phải là chứng thư đã được ký.",
        "The signer's certificate is not to be had, or is not the one that the signature names.",
    ),
    "untrusted": (
        "Chứng thư số không dẫn tới tổ chức chứng thực gốc được tin cậy.",
        "The certificate does not lead to a trusted root authority.",
    ),
    "chain-invalid": (
        "Đường dẫn chứng thực không hợp lệ.",
        "The certification path is not valid.",
    ),
    "key-usage": (
        "Chứng thư số không được cấp để ký tài liệu.",
        "The certificate was not issued for signing documents.",
    ),
    "expired": (
        "Chứng thư số đã hết hạn và không có bằng chứng chữ ký được tạo khi còn hạn.",
        "The certificate has expired and nothing proves that the signature was made before.",
    ),
    "not-yet-valid": (
        "Chữ ký được tạo trước khi chứng thư số có hiệu lực.",
        "The signature was made before the certificate became valid.",
    ),
    "revoked": (
        "Chứng thư số đã bị thu hồi ({time}) và không có bằng chứng chữ ký được tạo trước đó.",
        "The certificate was revoked ({time}) and nothing proves that the signature was made before.",
    ),
    "signed-after-revocation": (
        "Chữ ký được tạo sau khi chứng thư số bị thu hồi ({time}).",
        "The signature was made after the certificate was revoked ({time}).",
    ),
    "authority-revoked": (
        "Chứng thư số của tổ chức cấp đã bị thu hồi.",
        "The certificate of the issuing authority was revoked.",
    ),
    "status-unknown": (
        "Không kiểm tra được trạng thái thu hồi của chứng thư số (OCSP/CRL).",
        "The revocation status of the certificate cannot be checked (OCSP/CRL).",
    ),
    "no-proof-of-time": (
        "Không có bằng chứng về thời điểm tồn tại của chữ ký hoặc dữ liệu xác thực.",
        "There is no proof of when the signature or its validation data existed.",
    ),
    "constraints": (
        "Chữ ký không đáp ứng ràng buộc kiểm tra.",
        "The signature does not meet the constraints of validation.",
    ),
    "timestamp-invalid": (
        "Dấu thời gian của chữ ký không được chấp nhận: {fault}",
        "The signature's time-stamp is not accepted: {fault}",
    ),
    "processing": (
        "Việc kiểm tra chữ ký này gặp lỗi nên không kết luận được.",
        "The check of this signature failed, so there is no conclusion.",
    ),
    # what came later
    "changed-after-signing": (
        "Tài liệu bị thay đổi sau khi ký ở phiên bản {revision} mà chữ ký này không cho phép.",
        "The document was changed after signing, in revision {revision}, in a way this signature forbids.",
    ),
    "annotated-after-signing": (
        "Chú thích được thêm sau khi ký ở phiên bản {revision}; hãy xem lại bản đã ký.",
        "Annotations were added after signing, in revision {revision}; look at the signed revision.",
    ),
    "form-filled-after-signing": (
        "Biểu mẫu được điền hoặc sửa sau khi ký: {fields}.",
        "Form fields were filled or changed after signing: {fields}.",
    ),
    "overlay": (
        "Một trường chữ ký thêm sau (trang {page}) che nội dung đã ký; hãy xem lại bản đã ký.",
        "A signature field added later (page {page}) hides signed content; look at the signed revision.",
    ),
    "overlap-later-stamp": (
        "Hình chữ ký thêm sau (trang {page}) nằm đè lên một phần nội dung đã ký.",
        "A stamp added later (page {page}) lies over some of the signed content.",
    ),
    "unsigned-tail": (
        "Tài liệu có phần bổ sung sau chữ ký cuối cùng; xem danh sách thay đổi của từng chữ ký.",
        "The document has additions behind the last signature; see the changes listed for each signature.",
    ),
    "trailing-data": (
        "Cuối tệp có dữ liệu không thuộc phiên bản nào của tài liệu và không được ký.",
        "At the end of the file there is data that belongs to no revision and that nobody signed.",
    ),
    "training": (
        "Chứng thư số MẪU, chỉ để thử, không có giá trị pháp lý.",
        "A training certificate: for tests only, without legal value.",
    ),
    "claimed-time-in-future": (
        "Thời điểm ký do người ký tự khai nằm ở tương lai.",
        "The signing time that the signer claims lies in the future.",
    ),
    "claimed-time": (
        "Thời điểm ký do người ký tự khai, không có dấu thời gian.",
        "The signing time is the signer's own claim; there is no time-stamp.",
    ),
}


def reason(code: str, code_en: dict[str, str] | None = None, **values: object) -> Reason:
    """The reason with this code. ``code_en``: values that differ in the English text."""
    message, message_en = _TEXTS[code]
    return Reason(
        code=code,
        message=message.format(**values),
        message_en=message_en.format(**(values | (code_en or {}))),
    )


# EN 319 102-1 Table 6: sub-indications that need no more words than these.
SUB_INDICATIONS: dict[str, str] = {
    "HASH_FAILURE": "changed-content",
    "SIG_CRYPTO_FAILURE": "bad-signature",
    "FORMAT_FAILURE": "signature-unreadable",
    "NO_SIGNING_CERTIFICATE_FOUND": "certificate-not-found",
    "NO_CERTIFICATE_CHAIN_FOUND": "untrusted",
    "CERTIFICATE_CHAIN_GENERAL_FAILURE": "chain-invalid",
    "CHAIN_CONSTRAINTS_FAILURE": "key-usage",
    "EXPIRED": "expired",
    "OUT_OF_BOUNDS_NO_POE": "expired",
    "OUT_OF_BOUNDS_NOT_REVOKED": "expired",
    "NOT_YET_VALID": "not-yet-valid",
    "REVOKED_CA_NO_POE": "authority-revoked",
    "TRY_LATER": "status-unknown",
    "REVOCATION_OUT_OF_BOUNDS_NO_POE": "no-proof-of-time",
    "NO_POE": "no-proof-of-time",
}


def reason_for(sub_indication: str) -> Reason:
    """The words for a sub-indication that has no details."""
    return reason(SUB_INDICATIONS.get(sub_indication, "constraints"))
