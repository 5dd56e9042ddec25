"""What is handed in wrongly is told in words that say what to do."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pikepdf
import pytest
from desk.store.documents import State

from tests.clients.desk.conftest import RESOURCE, House, form_token
from tests.clients.desk.office import Official, desk, office, official, province
from tests.servers.desk import RunningDesk
from tests.servers.plain_pdf import make_pdf

__all__ = ["desk", "office", "official", "province"]

LIMIT = 2 * 1024 * 1024


@pytest.fixture
def alone(tmp_path: Path, house: House, redis_url: str) -> Iterator[RunningDesk]:
    """A desk whose signing service is away, and which takes files of 2 MB."""
    running = RunningDesk(
        tmp_path, house.provider.services, redis_url=redis_url, resource=RESOURCE,
        resource_location="http://127.0.0.1:9", max_document=LIMIT,
    )  # fmt: skip
    yield running
    running.stop()


@pytest.fixture
def there(alone: RunningDesk, house: House) -> Iterator[httpx.Client]:
    with alone.browser() as http:
        House(house.provider, alone).log_in(house.person(), http)
        yield http


def send(http: httpx.Client, *files: tuple[str, bytes]) -> httpx.Response:
    token = form_token(http.get("/upload"))
    sent: list[Any] = [("files", (name, content, "application/pdf")) for name, content in files]
    if not sent:
        # As a browser does whose field was left empty.
        sent = [("files", ("", b"", "application/octet-stream"))]
    return http.post("/upload", data={"csrf_token": token, "once": "1"}, files=sent)


def encrypted() -> bytes:
    locked = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_pdf(1))) as pdf:
        pdf.save(locked, encryption=pikepdf.Encryption(owner="chu", user="khach"))
    return locked.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Tệp rỗng."),
        (b"PK\x03\x04 a Word file", "không phải tệp PDF"),
        (make_pdf(1)[:200], "PDF bị hỏng"),
        (encrypted(), "hãy bỏ mật khẩu"),
    ],
)
def test_a_file_that_cannot_be_signed_is_refused_with_the_reason(
    official: Official, content: bytes, said: str
) -> None:
    answer = send(official.http, ("cong-van.pdf", content))
    assert answer.status_code == 400
    assert "cong-van.pdf" in answer.text
    (reason,) = answer.text.partition("<li>")[2:]
    assert said in reason.partition("</li>")[0]
    assert 'type="file"' in answer.text


def test_who_chose_nothing_is_told_so(there: httpx.Client) -> None:
    answer = send(there)
    assert answer.status_code == 400
    assert "Bạn chưa chọn tệp nào." in answer.text


def test_a_file_that_is_too_large_is_not_sent_on_and_the_limit_is_said(there: httpx.Client) -> None:
    answer = send(there, ("to.pdf", b"%PDF-1.7" + bytes(LIMIT)))
    assert answer.status_code == 400
    assert "Tệp lớn hơn 2 MB." in answer.text


def test_files_that_are_too_large_together_are_refused_in_words(there: httpx.Client) -> None:
    answer = send(there, *((f"{number}.pdf", bytes(LIMIT)) for number in range(21)))
    assert answer.status_code == 413
    assert "Hãy chia làm nhiều lần tải lên." in answer.text


def test_more_files_than_are_taken_at_once_are_refused_and_none_is_taken(there: httpx.Client) -> None:
    answer = send(there, *((f"{number}.pdf", make_pdf(1)) for number in range(101)))
    assert answer.status_code == 400
    assert "nhiều nhất 100 tệp" in answer.text


def test_a_service_that_is_away_is_asked_once_and_every_file_is_said_to_be_missing(
    there: httpx.Client, alone: RunningDesk
) -> None:
    asked: list[httpx.Request] = []
    alone.services.service._http().event_hooks = {"request": [asked.append]}
    answer = send(there, *((f"giay-{number}.pdf", make_pdf(1)) for number in range(3)))
    assert answer.status_code == 503
    assert all(f"giay-{number}.pdf" in answer.text for number in range(3))
    assert "Dịch vụ ký số chưa trả lời." in answer.text
    assert [each.url.path for each in asked] == ["/v1/documents"]
    kept = alone.services.sessions.find(there.cookies["desk"])
    assert kept
    assert alone.services.documents.on_desk(kept["person"]["subject"], [State.TO_SIGN]) == ([], False)
