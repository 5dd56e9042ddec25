"""A file that must not leave its owner's machine: its digest alone tells whether it was signed here."""

import hashlib
import secrets

import pytest

from tests.clients.verify.conftest import Page, Signing
from tests.clients.verify.test_check import words


def test_a_digest_finds_what_was_signed_here(page: Page, signing: Signing) -> None:
    digest = hashlib.sha256(signing.document()).hexdigest()
    answer = page.client.get("/digests", query_string={"d": digest}, follow_redirects=True)
    text = words(answer)
    assert answer.status_code == 200
    assert "Tệp này đã được ký tại đây" in text
    assert "PAdES B-T" in text
    assert "Mục trong nhật ký ký số" in text
    assert "không có giá trị pháp lý" in text
    # It is a record, not a verdict, and says so.
    assert "Sổ ghi không cho biết chứng thư số đã bị thu hồi hay chưa" in text


def test_the_short_address_of_a_qr_code_leads_there(page: Page, signing: Signing) -> None:
    digest = hashlib.sha256(signing.document()).hexdigest()
    result = page.check(signing.document())
    assert "Đúng tệp này đã được ký tại đây" in words(result)
    assert 'src="data:image/svg+xml' in result.text
    answer = page.client.get("/", query_string={"d": digest}, follow_redirects=True)
    assert "Tệp này đã được ký tại đây" in words(answer)


def test_every_way_to_write_a_digest_is_read(page: Page, signing: Signing) -> None:
    digest = hashlib.sha256(signing.document()).hexdigest()
    for typed in (
        digest.upper(),
        f"  {digest}\n",
        f"sha256:{digest}",
        ":".join(digest[at : at + 2] for at in range(0, 64, 2)),
        " ".join(digest[at : at + 8] for at in range(0, 64, 8)),
    ):
        answer = page.client.get("/digests", query_string={"d": typed}, follow_redirects=True)
        assert answer.status_code == 200, typed


def test_another_digest_is_not_found_and_not_called_false(page: Page) -> None:
    answer = page.client.get(f"/digests/{secrets.token_hex(32)}")
    assert answer.status_code == 404
    assert "chưa nói lên chữ ký trong tệp đúng hay sai" in words(answer)
    assert "KHÔNG hợp lệ" not in words(answer)


@pytest.mark.parametrize(
    "typed", ["", "abc", "g" * 64, "a" * 63, "a" * 65, "<script>", "../v1/verify", "%2e%2e"]
)
def test_what_is_no_digest_is_said_beside_its_field(page: Page, typed: str) -> None:
    answer = page.client.get("/digests", query_string={"d": typed})
    assert answer.status_code == 400
    assert "đúng 64 chữ số" in words(answer)
    field = answer.text.partition('id="digest"')[2].partition(">")[0]
    assert 'aria-invalid="true"' in field
    assert "<script>" not in field


def test_a_redirect_never_leaves_this_page(page: Page) -> None:
    for typed in ("//example.vn/", "https://example.vn", "\\\\example.vn"):
        for path in ("/", "/digests"):
            answer = page.client.get(path, query_string={"d": typed})
            assert "example.vn" not in answer.headers.get("Location", "").partition("/digests/")[0]
            final = page.client.get(path, query_string={"d": typed}, follow_redirects=True)
            assert final.status_code in (400, 404)
            assert final.request.host == "localhost"
