"""What every page and answer of the desk has."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from desk.store.documents import PAGE

from idp.testing.provider import SampleProvider
from tests.clients.desk.conftest import RESOURCE, House, form_token
from tests.servers.desk import RunningDesk
from tests.servers.redis import RunningRedis


@pytest.fixture
def lonely(tmp_path: Path, own_redis: RunningRedis, house: House) -> Iterator[RunningDesk]:
    """A desk whose Redis may be stopped."""
    desk = RunningDesk(tmp_path, house.provider.services, redis_url=own_redis.url, resource=RESOURCE)
    yield desk
    desk.stop()


def test_pages_run_no_script_but_their_own_and_show_in_nobodys_frame(http: httpx.Client) -> None:
    page = http.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "<style" not in page.text
    assert "style=" not in page.text
    assert "onclick" not in page.text


def test_vietnamese_comes_first_and_english_on_asking(house: House) -> None:
    for wanted, language in (("", "vi"), ("vi,en;q=0.5", "vi"), ("en-US", "en"), ("fr", "vi")):
        with house.desk.browser(**{"Accept-Language": wanted}) as http:
            assert f'<html lang="{language}">' in http.get("/").text
            assert http.get("/", params={"lang": "en"}).headers["Content-Language"] == "en"
            assert http.get("/").headers["Content-Language"] == "en"


@pytest.mark.parametrize(("posted", "leads"), [("/upload", "/upload"), ("/sign", "/"), ("/logout", "/")])
def test_the_other_language_is_there_on_every_page_that_answers_a_form(
    house: House, http: httpx.Client, posted: str, leads: str
) -> None:
    house.log_in(house.person(), http)
    token = form_token(http.get("/upload"))
    answer = http.post(posted, data={"csrf_token": token})
    link = re.search(r'class="language" href="([^"]+)"', answer.text)
    assert link
    assert link.group(1) == f"{leads}?lang=en"
    assert http.get(link.group(1)).status_code in (200, 303)


def test_an_unknown_page_says_what_to_do(http: httpx.Client) -> None:
    answer = http.get("/khong-co")
    assert answer.status_code == 404
    assert "Hãy quay về trang chính." in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_forged_logout_ends_nothing(house: House, http: httpx.Client) -> None:
    house.log_in(house.person(), http)
    for token in ("", "x.y.z", "eyJhbGciOiJub25lIn0.e30."):
        assert http.post("/backchannel-logout", data={"logout_token": token}).status_code == 400
    assert "Đăng xuất" in http.get("/").text


def test_an_id_token_is_no_logout_token(house: House, http: httpx.Client) -> None:
    house.log_in(house.person(), http)
    kept = house.desk.services.sessions.find(http.cookies["desk"])
    assert kept
    answer = http.post("/backchannel-logout", data={"logout_token": kept["tokens"]["id_token"]})
    assert answer.status_code == 400
    assert "Đăng xuất" in http.get("/").text


def test_without_redis_nobody_is_told_to_be_logged_out(
    lonely: RunningDesk, own_redis: RunningRedis, house: House
) -> None:
    assert isinstance(house.provider, SampleProvider)
    with lonely.browser() as http:
        assert http.get("/login").status_code == 303
        assert http.get("/readyz").status_code == 200
        own_redis.stop()
        answer = http.get("/")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert http.get("/healthz").status_code == 200
        assert http.get("/readyz").status_code == 503


def test_no_name_token_or_cookie_is_in_the_log(house: House, http: httpx.Client) -> None:
    house.log_in(house.person(name="Tên Trong Nhật Ký MẪU"), http)
    kept = house.desk.services.sessions.find(http.cookies["desk"])
    assert kept
    written = house.desk.log_file.read_text()
    assert '"endpoint":"/callback"' in written
    for secret in (
        "Nhật Ký",
        kept["tokens"]["access_token"],
        http.cookies["desk"],
        kept["person"]["subject"],
    ):
        assert secret not in written


def test_a_long_list_is_turned_over_and_each_document_is_on_one_page(
    house: House, http: httpx.Client
) -> None:
    house.log_in(house.person(), http)
    kept = house.desk.services.sessions.find(http.cookies["desk"])
    assert kept
    for number in range(PAGE + 1):
        told = {"id": f"{number:032x}", "sha256": "", "pages": 1, "expires_at": 0}
        house.desk.services.documents.add(
            kept["person"]["subject"], f"Giấy mời {number:03}", told, by="Lan MẪU", now=1_780_000_000
        )
    first = http.get("/", params={"q": "giấy mời"}).text
    (older,) = re.findall(r'rel="next"[^>]* href="([^"]+)"', first)
    second = http.get(older.replace("&amp;", "&")).text
    assert (first.count('name="documents"'), second.count('name="documents"')) == (PAGE, 1)
    assert "Giấy mời 100" in second
    assert 'rel="next"' not in second
    # Nothing is left on it: the one before is shown, and no other list.
    gone = http.get("/", params={"q": "giấy mời", "page": 3}).headers["Location"]
    assert gone.endswith("&page=2")
    for wrong in ("0", "-5", "x", "9" * 30):
        assert http.get("/", params={"page": wrong}).status_code in (200, 303)
