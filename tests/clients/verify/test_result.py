"""A result belongs to the browser that brought the file, for minutes, and gives back what was signed."""

import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.clients.verify.conftest import MakePage, Page, Signing
from tests.clients.verify.test_check import kept_files, words
from tests.servers.plain_pdf import make_pdf

DOWNLOADS = ["", "/report.json", "/report.xml", "/signed/1.pdf"]


def twice(signing: Signing) -> tuple[bytes, bytes]:
    first = signing.document("B-B")
    if "twice" not in signing.kept:
        signing.kept["twice"] = signing.sign(first, level="B-T")
    return first, signing.kept["twice"]


def test_what_came_after_each_signature_is_told_and_what_was_signed_can_be_downloaded(
    page: Page, signing: Signing
) -> None:
    first, second = twice(signing)
    answer = page.check(second)
    text = words(answer)
    assert "Các chữ ký trong tài liệu (2)" in text
    assert "Thêm chữ ký" in text
    assert "chữ ký bao phủ toàn bộ tệp" in text
    revision = page.client.get(f"{answer.request.path}/signed/1.pdf")
    assert revision.data == first
    assert revision.headers["Content-Disposition"].startswith("attachment;")
    assert revision.content_length == len(first)
    # The last signature covers the whole file: there is nothing else to download.
    assert "/signed/2.pdf" not in answer.text
    assert page.client.get(f"{answer.request.path}/signed/2.pdf").status_code == 404
    assert page.client.get(f"{answer.request.path}/signed/3.pdf").status_code == 404
    assert page.client.get(f"{answer.request.path}/signed/0.pdf").status_code == 404


def test_a_forbidden_change_is_marked_and_the_signed_revision_is_what_was_there_before(
    page: Page, signing: Signing
) -> None:
    signed = signing.document("B-T")
    # An update that draws over the page: the page's object again, without its content.
    start = signed.rindex(b"startxref")
    previous = int(signed[start:].split()[1])
    page_object = re.search(rb"(\d+) 0 obj\s*<<(?:(?!endobj).)*?/Type\s*/Page\b(?!s)", signed, re.DOTALL)
    assert page_object is not None
    number = int(page_object.group(1))
    offset = len(signed)
    update = b"%d 0 obj\n<< /Type /Page /MediaBox [0 0 10 10] >>\nendobj\n" % number
    table = b"xref\n%d 1\n%010d 00000 n \n" % (number, offset)
    root = re.findall(rb"/Root\s+(\d+) 0 R", signed)[-1]
    size = re.findall(rb"/Size\s+(\d+)", signed)[-1]
    trailer = b"trailer\n<< /Size %s /Root %s 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        size, root, previous, offset + len(update),
    )  # fmt: skip
    answer = page.check(signed + update + table + trailer)
    assert "Chữ ký số KHÔNG hợp lệ" in words(answer)
    assert 'class="forbidden"' in answer.text
    revision = page.client.get(f"{answer.request.path}/signed/1.pdf")
    assert revision.data == signed


def test_content_that_was_changed_is_never_offered_as_what_was_signed(page: Page, signing: Signing) -> None:
    """Cut at the first signature, the file would still be the forged one."""
    answer = page.check(twice(signing)[1].replace(b"(MAU)", b"(MEO)"))
    assert "Chữ ký số KHÔNG hợp lệ" in words(answer)
    assert "Tải bản đã ký" not in words(answer)
    assert "/signed/" not in answer.text
    assert page.client.get(f"{answer.request.path}/signed/1.pdf").status_code == 404


def test_the_reports_say_what_the_page_says(page: Page, signing: Signing) -> None:
    answer = page.check(signing.document())
    members = page.client.get(f"{answer.request.path}/report.json").json
    assert members["verdict"] == "TOTAL_PASSED"
    assert members["file"]["name"] == "quyết định.pdf"
    xml = page.client.get(f"{answer.request.path}/report.xml")
    assert "etsi-119-102-2.xml" in xml.headers["Content-Disposition"]
    report = ET.fromstring(xml.data)  # noqa: S314 -- our own
    names = {"vr": "http://uri.etsi.org/19102/v1.4.1#"}
    said = datetime.fromisoformat(report.findtext(".//vr:ValidationTime", namespaces=names) or "")
    assert said == datetime.fromisoformat(members["checked_at"]).replace(microsecond=0)


@pytest.mark.parametrize("download", DOWNLOADS)
def test_another_browser_opens_nothing_with_the_address_alone(
    page: Page, signing: Signing, download: str
) -> None:
    path = page.check(twice(signing)[1]).request.path
    assert page.client.get(path + download).status_code == 200
    for cookie in ("", "browser=" + "x" * 43, "browser=../../etc/passwd"):
        other = page.app.test_client(use_cookies=False)
        answer = other.get(path + download, headers={"Cookie": cookie})
        assert answer.status_code == 404
        assert "trình duyệt khác" in words(answer)
        assert other.post(f"{path}/delete", headers={"Cookie": cookie}).status_code == 404
    assert page.client.get(path).status_code == 200


def test_the_cookie_is_for_this_page_alone(make_page: MakePage, signing: Signing) -> None:
    page = make_page(public_url="https://kiemtra.example.vn")
    answer = page.client.post(
        "/", data={"file": (io.BytesIO(signing.document()), "a.pdf")}, base_url="https://kiemtra.example.vn"
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-browser=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert answer.headers["Strict-Transport-Security"]


def test_deleting_leaves_nothing(page: Page, signing: Signing) -> None:
    path = page.check(signing.document()).request.path
    assert len(kept_files(page)) == 2
    deleted = page.client.post(f"{path}/delete", follow_redirects=True)
    assert "Đã xóa tệp và kết quả" in words(deleted)
    assert kept_files(page) == []
    assert page.client.get(path).status_code == 404


def test_after_its_time_a_result_is_gone_even_before_the_broom_comes(
    make_page: MakePage, signing: Signing
) -> None:
    passed = timedelta()
    page = make_page(clock=lambda: datetime.now(UTC) + passed, keep_seconds=60)
    path = page.check(signing.document()).request.path
    assert page.client.get(path).status_code == 200
    passed = timedelta(seconds=61)
    assert page.client.get(path).status_code == 404
    assert len(kept_files(page)) == 2
    kept = page.app.extensions["antin-verify"].kept
    assert kept.sweep(datetime.now(UTC).timestamp()) == 0
    assert kept.sweep(datetime.now(UTC).timestamp() + 61) == 2
    assert kept_files(page) == []


def test_what_is_kept_is_for_this_user_only(page: Page, signing: Signing) -> None:
    page.check(signing.document())
    assert page.settings.kept_dir.stat().st_mode & 0o077 == 0
    assert [path for path in kept_files(page) if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("name", ["../../x.pdf", "a\tb; x=c.pdf", "“ngoặc”.pdf", "<script>.pdf", "."])
def test_a_hostile_file_name_stays_a_name(page: Page, signing: Signing, name: str) -> None:
    answer = page.check(twice(signing)[1], name=name)
    assert answer.status_code == 200
    assert "<script>.pdf" not in answer.text
    download = page.client.get(f"{answer.request.path}/signed/1.pdf")
    header = download.headers["Content-Disposition"]
    assert "/" not in header.replace("UTF-8''", "")
    assert "\n" not in header
    assert "Set-Cookie" not in download.headers


def test_the_log_names_no_document_no_digest_and_no_address(page: Page, signing: Signing) -> None:
    answer = page.check(signing.document(), name="bi-mat-nghe-nghiep.pdf")
    sha256 = page.client.get(f"{answer.request.path}/report.json").json["file"]["sha256"]
    page.client.get(f"/digests/{sha256}")
    page.client.get("/digests", query_string={"d": sha256})
    log = page.log.getvalue()
    lines = [json.loads(line) for line in log.splitlines()]
    assert {line["route"] for line in lines} >= {"/", "/results/<result_id>", "/digests/<sha256>"}
    for secret in ("bi-mat", sha256, answer.request.path.rsplit("/", 1)[1]):
        assert secret not in log


def test_every_answer_is_fenced_in(page: Page, signing: Signing) -> None:
    path = page.check(signing.document()).request.path
    for address in ("/", path, f"{path}/report.xml", "/digests/x", "/nothing", "/static/verify.css"):
        answer = page.client.get(address)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Frame-Options"] == "DENY"
        if not address.startswith("/static"):
            assert answer.headers["Cache-Control"] == "no-store"
        # Nothing inline: neither a script nor a style nor a handler.
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", answer.text)


def test_a_page_weighs_less_than_150_kilobytes(page: Page, signing: Signing) -> None:
    """Everything that a phone fetches for the result, without compression."""
    answer = page.check(signing.document("B-T"))
    static = Path(page.app.static_folder or "")
    assert len(answer.data) + sum(path.stat().st_size for path in static.iterdir()) < 150_000


def test_an_unsigned_document_has_reports_too(page: Page) -> None:
    path = page.check(make_pdf(1)).request.path
    assert page.client.get(f"{path}/report.json").json["verdict"] == "NO_SIGNATURE"
    assert page.client.get(f"{path}/report.xml").status_code == 200
