"""Somebody drops a file and reads what it is worth: three outcomes, in words, with what to do."""

import io
import re
import secrets
from html import unescape
from pathlib import Path

import pikepdf
import pytest

from tests.clients.verify.conftest import MakePage, Page, Signing
from tests.servers.plain_pdf import make_pdf


def words(answer: object) -> str:
    """The page as it is read."""
    text = re.sub(r"<style.*?</style>|<[^>]+>", " ", answer.text, flags=re.DOTALL)  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", unescape(text))


def kept_files(page: Page) -> list[Path]:
    return sorted(page.settings.kept_dir.iterdir())


def test_a_valid_document_shows_the_seven_things_that_the_circular_asks_for(
    page: Page, signing: Signing
) -> None:
    """Circular 15/2025/TT-BKHCN, Art. 6."""
    answer = page.check(signing.document("B-T"))
    assert answer.status_code == 200
    text = words(answer)
    assert "✓ Chữ ký số hợp lệ" in text
    labels = [
        "Tổ chức cấp chứng thư",
        "Người ký",
        "Cơ quan, đơn vị quản lý",
        "Thời điểm ký",
        "Tính toàn vẹn",
        "Chứng thư khi ký",
        "Thời hạn chứng thư",
    ]
    facts = answer.text.partition('<dl class="facts">')[2].partition("</dl>")[0]
    pairs = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", facts, re.DOTALL)
    assert [label for label, _ in pairs] == labels
    assert all(value.strip() and "Không rõ" not in value for _, value in pairs)
    signer = signing.service.client.post(
        "/v1/verify", data=signing.document("B-T"), content_type="application/pdf"
    ).json["signatures"][0]
    for value in (
        signer["certificate"]["issuer_name"], signer["signer"]["name"], signer["signer"]["managing_unit"],
    ):  # fmt: skip
        assert value in text
    assert "có dấu thời gian" in dict(pairs)["Thời điểm ký"]
    assert "(UTC+7)" in dict(pairs)["Thời điểm ký"]


def test_a_training_document_says_so_in_the_verdict_itself(page: Page, signing: Signing) -> None:
    verdict = page.check(signing.document()).text.partition('<div class="verdict')[2].partition("</div>")[0]
    assert "không có giá trị pháp lý" in verdict


def test_a_claimed_time_is_never_called_proven(page: Page, signing: Signing) -> None:
    text = words(page.check(signing.document("B-B")))
    assert "do người ký tự khai" in text
    assert "có dấu thời gian của tổ chức" not in text


def test_a_changed_document_fails_and_says_what_to_do(page: Page, signing: Signing) -> None:
    changed = signing.document().replace(b"(MAU)", b"(MEO)")
    answer = page.check(changed)
    text = words(answer)
    assert "✕ Chữ ký số KHÔNG hợp lệ" in text
    assert "KHÔNG nguyên vẹn" in text
    assert "Xin lại bản gốc" in text
    assert "Chữ ký số hợp lệ" not in text
    # Nor is it in the record of what was signed here.
    assert "Đúng tệp này đã được ký tại đây" not in text


def test_a_document_without_signature_is_told_from_a_forged_one(page: Page) -> None:
    text = words(page.check(make_pdf(1)))
    assert "Tài liệu không có chữ ký số" in text
    assert "chỉ là hình ảnh" in text


def locked() -> bytes:
    """A document that opens with a password only."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_pdf(1))) as document:
        document.save(out, encryption=pikepdf.Encryption(user="mat-khau", owner="chu"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (locked(), "bảo vệ bằng mật khẩu"),
        (b"%PDF-1.7\n" + b"x" * 2000, "Tệp bị hỏng"),
    ],
    ids=["locked", "damaged"],
)
def test_a_file_that_cannot_be_read_is_open_not_false(page: Page, content: bytes, said: str) -> None:
    answer = page.check(content)
    text = words(answer)
    assert answer.status_code == 200
    assert "! Chưa kết luận được" in text
    assert said in text


def test_a_verdict_is_told_in_english_too(page: Page, signing: Signing) -> None:
    answer = page.check(signing.document(), headers={"Accept-Language": "en"})
    english = page.client.get(answer.request.path, query_string={"lang": "en"})
    assert "The signature is valid" in words(english)
    assert english.headers["Content-Language"] == "en"
    # The choice stays.
    assert "Check a signed document" in words(page.client.get("/"))


@pytest.mark.parametrize(
    ("files", "status", "said"),
    [
        ([], 422, "Hãy chọn tệp PDF"),
        ([(b"", "rong.pdf")], 422, "Hãy chọn tệp PDF"),
        ([(b"\x89PNG\r\n\x1a\n" + b"0" * 4000, "anh.pdf")], 422, "không phải là PDF"),
        ([(b"%PDF-1.4", "a.pdf"), (b"%PDF-1.4", "b.pdf")], 422, "một tệp mỗi lần"),
        ([(b"%PDF-1.4" + b"0" * 300_000, "to.pdf")], 413, "lớn hơn"),
        # What the form's framing may take is not for the file.
        ([(b"%PDF-1.4" + b"0" * 200_000, "hoi-to.pdf")], 413, "lớn hơn"),
    ],
)
def test_what_cannot_be_checked_is_said_where_another_file_can_be_chosen(
    make_page: MakePage, files: list[tuple[bytes, str]], status: int, said: str
) -> None:
    page = make_page(max_document=200_000)
    sent = [(io.BytesIO(content), name) for content, name in files]
    answer = page.client.post("/", data={"file": sent}, content_type="multipart/form-data")
    assert (answer.status_code, said in words(answer)) == (status, True), words(answer)
    assert 'role="alert"' in answer.text
    assert 'type="file"' in answer.text
    assert kept_files(page) == []


def test_a_body_that_hides_its_length_is_bounded_all_the_same(make_page: MakePage) -> None:
    page = make_page(max_document=100_000)
    boundary = b"--x\r\nContent-Disposition: form-data; name=file; filename=a.pdf\r\n\r\n%PDF-"
    body = boundary + b"0" * 400_000 + b"\r\n--x--\r\n"
    answer = page.client.post(
        "/",
        input_stream=io.BytesIO(body),
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert answer.status_code == 413
    assert kept_files(page) == []


def test_when_too_much_is_kept_already_people_are_asked_to_wait(
    make_page: MakePage, signing: Signing
) -> None:
    page = make_page(max_kept=100)
    answer = page.check(signing.document())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "Hãy thử lại" in words(answer)
    assert kept_files(page) == []


def test_too_many_checks_from_one_address_are_told_in_words_and_others_are_served(
    page: Page, signing: Signing
) -> None:
    address, other = (f"198.51.{secrets.randbelow(256)}.{secrets.randbelow(256)}" for _ in range(2))
    limit = signing.service.services.limits
    digest = secrets.token_hex(32)
    for _ in range(130):
        answer = page.client.get(f"/digests/{digest}", environ_base={"REMOTE_ADDR": address})
        if answer.status_code == 429:
            break
    assert answer.status_code == 429, limit
    seconds = int(answer.headers["Retry-After"])
    assert f"Hãy thử lại sau {seconds} giây" in words(answer)
    served = page.client.get(f"/digests/{digest}", environ_base={"REMOTE_ADDR": other})
    assert served.status_code == 404


def test_a_caller_cannot_choose_the_address_that_is_counted(page: Page, signing: Signing) -> None:
    """Without a gateway in front nobody's X-Forwarded-For is believed, and ours replaces it."""
    address = f"198.18.{secrets.randbelow(256)}.{secrets.randbelow(256)}"
    digest = secrets.token_hex(32)
    codes = {
        page.client.get(
            f"/digests/{digest}",
            environ_base={"REMOTE_ADDR": address},
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        ).status_code
        for number in range(130)
    }
    assert codes == {404, 429}


def test_a_service_that_is_away_is_no_fault_of_the_file(make_page: MakePage, signing: Signing) -> None:
    page = make_page(signing_service="http://127.0.0.1:9")
    answer = page.check(signing.document())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "Tệp của bạn không có lỗi gì" in words(answer)
    assert kept_files(page) == []
    assert page.client.get("/readyz").status_code == 503
    assert page.client.get("/healthz").status_code == 200
