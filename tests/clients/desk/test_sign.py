"""From upload to the signed file: what is shown is what is signed, and it is signed once."""

import base64
import io
import json
from typing import Any

import httpx
import pikepdf
import pytest
from desk.errors import NotWhatWasShown
from desk.signing.service import Bearer
from desk.signing.shown import Prepared, check_shown
from desk.store.documents import State
from PIL import Image

from tests.clients.desk.conftest import form_token
from tests.clients.desk.office import Official, desk, office, official, province
from tests.servers.desk import RunningDesk
from tests.servers.plain_pdf import make_pdf
from tests.servers.stack import Stack

__all__ = ["desk", "office", "official", "province"]


def documents(official: Official) -> Any:
    return official.desk.services.documents


def subject(official: Official) -> str:
    kept = official.desk.services.sessions.find(official.http.cookies["desk"])
    assert kept
    return str(kept["person"]["subject"])


def test_three_steps_from_the_list_to_the_signed_file(official: Official) -> None:
    (one,) = official.upload("Quyết định 12")
    # 1 open it
    page = official.http.get(f"/documents/{one}")
    assert page.status_code == 200, page.text
    assert "Ký văn bản này" in page.text
    digest = page.text.partition(f'name="digest-{one}" value="')[2].partition('"')[0]
    # 2 sign, 3 approve
    asked = official.ask(one, **{f"digest-{one}": digest})
    done = official.http.get(official.arrive(asked.headers["Location"]))
    over = official.wait(done.headers["Location"])
    assert "Đã ký xong" in over.text
    # The digest of what was shown is in the journal, approved by the passkey.
    receipt = json.loads(official.http.get(f"/documents/{one}/receipt.json").text)
    entry = json.loads(base64.b64decode(receipt["entry"]))
    assert entry["digest"] == digest
    assert entry["approval"]["kind"] == "passkey"
    # The file, and what the service says of it.
    signed = official.http.get(f"/documents/{one}/signed.pdf")
    assert signed.headers["Content-Disposition"].startswith("attachment")
    assert signed.headers["Cache-Control"] == "no-store"
    with pikepdf.open(io.BytesIO(signed.content)) as pdf:
        assert len(pdf.pages) == 2
    token = form_token(official.http.get(f"/documents/{one}"))
    verdict = official.http.post(f"/documents/{one}/verify", data={"csrf_token": token})
    assert "Chữ ký hợp lệ" in verdict.text
    history = official.http.get(f"/documents/{one}").text
    assert "mục nhật ký" in history


def test_a_check_is_counted_for_the_person_and_not_for_the_desk(official: Official) -> None:
    (one,) = official.upload("Công điện")
    official.sign(one)
    token = form_token(official.http.get(f"/documents/{one}"))
    told: list[httpx.Request] = []
    outgoing = official.desk.services.service._http()
    outgoing.event_hooks = {"request": [told.append]}
    try:
        official.http.post(f"/documents/{one}/verify", data={"csrf_token": token})
    finally:
        outgoing.event_hooks = {}
    (asked,) = [each for each in told if each.url.path == "/v1/verify"]
    assert asked.headers["X-Forwarded-For"] == "127.0.0.1"
    assert "Authorization" not in asked.headers


def test_the_pages_are_drawn_here_from_the_prepared_bytes(official: Official) -> None:
    (one,) = official.upload("Tờ trình")
    official.http.get(f"/documents/{one}")
    drawn = official.http.get(f"/documents/{one}/pages/2.png")
    assert drawn.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(drawn.content)).width > 600
    for wrong in (0, 3):
        assert official.http.get(f"/documents/{one}/pages/{wrong}.png").status_code == 404


def test_bytes_that_were_not_shown_are_not_approved() -> None:
    content, suffix = b"%PDF a document", b"appended <0000> end"
    with pytest.raises(NotWhatWasShown):
        check_shown(Prepared("1", base64.b64encode(bytes(32)).decode(), suffix, (25, 31)), content)
    # A gap inside the document would leave out what was shown.
    with pytest.raises(NotWhatWasShown):
        check_shown(Prepared("1", base64.b64encode(bytes(32)).decode(), suffix, (2, 31)), content)


def test_a_page_that_showed_another_digest_is_asked_to_be_opened_again(official: Official) -> None:
    (one,) = official.upload("Thông báo")
    official.http.get(f"/documents/{one}")
    refused = official.ask(one, **{f"digest-{one}": base64.b64encode(bytes(32)).decode()})
    assert refused.status_code == 409
    assert "Chưa có gì được ký" in refused.text


def test_many_are_signed_by_one_touch_and_the_progress_survives_a_reload(official: Official) -> None:
    ids = official.upload(*(f"Giấy mời {number}" for number in range(6)))
    asked = official.ask(*ids)
    begun = official.http.get(official.arrive(asked.headers["Location"]))
    path = begun.headers["Location"]
    # Closed and opened again, in between and afterwards.
    assert official.http.get(path).status_code == 200
    over = official.wait(path)
    assert "Đã ký 6 trong 6 văn bản." in over.text
    assert "Đã ký 6 trong 6 văn bản." in official.http.get(path).text
    assert all(documents(official).get(subject(official), each).state is State.DONE for each in ids)


def test_a_connection_lost_after_the_approval_gives_no_second_signature(
    official: Official, stack: Stack
) -> None:
    (one,) = official.upload("Công văn")
    asked = official.ask(one)
    back = official.arrive(asked.headers["Location"])
    # The browser dies before it is back; the person finds the document to be signed, and signs it.
    again = official.sign(one)
    assert "Đã ký 1 trong 1 văn bản." in again.text
    leaf = documents(official).get(subject(official), one).leaf_index
    # Then the first tab wakes up.
    late = official.http.get(back)
    assert late.headers["Location"] == "/"
    found = documents(official).get(subject(official), one)
    assert (found.state, found.leaf_index) == (State.DONE, leaf)
    assert found.prepared is not None
    assert intents(stack, found.prepared.digest) == 1


def test_an_answer_that_comes_twice_signs_once(official: Official, stack: Stack) -> None:
    (one,) = official.upload("Kế hoạch")
    back = official.arrive(official.ask(one).headers["Location"])
    official.wait(official.http.get(back).headers["Location"])
    assert official.http.get(back).headers["Location"] == "/"
    found = documents(official).get(subject(official), one)
    assert found.prepared is not None
    assert intents(stack, found.prepared.digest) == 1


def test_a_desk_that_dies_in_the_middle_takes_over_what_was_signed(official: Official) -> None:
    (one,) = official.upload("Báo cáo")
    official.sign(one)
    whose, batch = subject(official), documents(official).get(subject(official), one).batch_id
    # As if the row had not been written any more.
    with official.desk.services.database.writing() as connection:
        connection.exec_driver_sql(
            f"UPDATE document SET state='signing', receipt=NULL WHERE id='{one}'"  # noqa: S608 -- hex
        )
    kept = official.desk.services.sessions.find(official.http.cookies["desk"])
    assert kept
    bearer = Bearer(kept["tokens"]["access_token"], kept["dpop_key"])
    official.desk.services.sign_batch.resume(whose, batch, bearer, "Lan MẪU")
    found = documents(official).get(whose, one)
    assert found.state is State.DONE
    assert found.receipt


def test_who_does_not_approve_signs_nothing(official: Official) -> None:
    (one,) = official.upload("Dự thảo")
    asked = official.ask(one)
    told = official.http.get(official.refuse(asked.headers["Location"]))
    assert "Bạn đã không phê duyệt" in told.text
    assert documents(official).get(subject(official), one).state is State.TO_SIGN


def test_anothers_documents_are_not_there(official: Official, desk: RunningDesk) -> None:
    (one,) = official.upload("Riêng tư")
    official.http.get(f"/documents/{one}")
    with desk.browser() as stranger:
        answer = stranger.get(f"/documents/{one}")
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/login")
    other = desk.services.documents.add(
        "nguoi-khac", "Của người khác", {"id": "0" * 32, "sha256": "", "pages": 1, "expires_at": 0},
        by="", now=0,
    )  # fmt: skip
    for path in ("", "/pages/1.png", "/signed.pdf", "/receipt.json"):
        assert official.http.get(f"/documents/{other}{path}").status_code == 404
    assert official.ask(other).status_code == 404


def test_a_file_that_is_refused_says_why(official: Official) -> None:
    token = form_token(official.http.get("/upload"))
    sent = official.http.post(
        "/upload", data={"csrf_token": token, "once": "2"},
        files=[("files", ("hong.pdf", b"khong phai pdf", "application/pdf")),
               ("files", ("tot.pdf", make_pdf(1), "application/pdf"))],
    )  # fmt: skip
    assert sent.status_code == 400
    assert "hong.pdf" in sent.text
    assert "1 tệp khác đã được nhận." in sent.text
    assert sent.text.count("<li>") >= 1


def test_documents_are_found_by_words_of_their_names(official: Official) -> None:
    official.upload("Quyết định khen thưởng", "Quyết định điều động")
    found = official.http.get("/", params={"q": "quyết khen"}).text
    assert "khen thưởng" in found
    assert "điều động" not in found
    assert "Không tìm thấy" in official.http.get("/", params={"q": "100%"}).text


def intents(stack: Stack, digest: str) -> int:
    """How many signatures of this digest the journal knows of."""
    found, start = 0, 0
    while True:
        page = httpx.get(
            f"{stack.base_url}/v1/journal/entries", params={"start": start}, trust_env=False
        ).text.splitlines()
        for line in page:
            entry = json.loads(base64.b64decode(json.loads(line)["entry"]))
            found += entry.get("type") == "intent" and entry.get("digest") == digest
        if not page:
            return found
        start += len(page)
