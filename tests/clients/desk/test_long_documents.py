"""A long document is shown in parts: every page in one of them, and it can be signed from the last."""

import re

import pytest
from desk.web.documents import SHEETS_AT_ONCE, sheets_from

from tests.clients.desk.office import Official, desk, office, official, province
from tests.servers.plain_pdf import make_pdf

__all__ = ["desk", "office", "official", "province"]

SIGN = "Ký văn bản này"


def pictures(official: Official, path: str) -> list[int]:
    return [int(each) for each in re.findall(r"/pages/(\d+)[.]png", official.http.get(path).text)]


def test_every_page_of_a_long_document_is_in_one_part(official: Official) -> None:
    (one,) = official.upload("Đồ án quy hoạch", content=make_pdf(45))
    path = f"/documents/{one}"
    seen, at = pictures(official, path), path
    assert seen == list(range(1, SHEETS_AT_ONCE + 1))
    for _ in range(2):
        (onward,) = set(re.findall(r'rel="next"[^>]* href="([^"#]+)#pages"', official.http.get(at).text))
        at = path + onward
        seen += pictures(official, at)
    assert seen == list(range(1, 46))
    last = official.http.get(at).text
    assert 'rel="next"' not in last
    assert "?from=21#pages" in last
    assert official.http.get(f"{path}/pages/45.png").status_code == 200


def test_the_button_below_the_pages_stands_below_the_last_one_alone(official: Official) -> None:
    (one,) = official.upload("Báo cáo dài", content=make_pdf(21))
    path = f"/documents/{one}"
    assert official.http.get(path).text.count(SIGN) == 1
    assert official.http.get(f"{path}?from=21").text.count(SIGN) == 2
    assert "/pages/20.png" not in official.http.get(f"{path}?from=21").text


def test_a_short_document_is_in_one_piece(official: Official) -> None:
    (one,) = official.upload("Giấy mời ngắn")
    shown = official.http.get(f"/documents/{one}").text
    assert pictures(official, f"/documents/{one}") == [1, 2]
    assert "turn" not in shown
    assert shown.count(SIGN) == 2


@pytest.mark.parametrize(
    ("first", "pages", "shown"),
    [
        (1, 1, (1, 1)),
        (1, 20, (1, 20)),
        (20, 21, (1, 20)),
        (21, 21, (21, 21)),
        # Typed by hand: the part that holds the page, or the nearest one.
        (33, 90, (21, 40)),
        (-5, 30, (1, 20)),
        (10**30, 30, (21, 30)),
    ],
)
def test_a_part_is_the_one_that_holds_the_page(first: int, pages: int, shown: tuple[int, int]) -> None:
    sheets = sheets_from(first, pages)
    assert (sheets[0], sheets[-1]) == shown


def test_a_page_that_is_no_number_is_the_first(official: Official) -> None:
    (one,) = official.upload("Công văn dài", content=make_pdf(21))
    for wrong in ("x", "", "9" * 5000):
        assert pictures(official, f"/documents/{one}?from={wrong}")[0] == 1
