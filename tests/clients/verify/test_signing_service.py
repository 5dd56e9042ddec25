"""What the page believes of the service's answers: an unknown word never passes for "valid"."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, Response, request

from tests.clients.verify.conftest import MakePage, listening
from tests.clients.verify.test_check import words
from tests.servers.plain_pdf import make_pdf

GOOD: dict[str, Any] = {
    "verdict": "NO_SIGNATURE", "reasons": [], "signatures": [], "timestamps": [], "report": "<r/>",
    "document": {"size": 1}, "checked_at": "2026-11-24T08:00:00+00:00",
}  # fmt: skip


@contextmanager
def answering(answer: Response) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A service that always says the same, and what it was told."""
    app, told = Flask("stand-in"), list[dict[str, str]]()

    @app.route("/<path:_path>", methods=["GET", "POST"])
    def say(_path: str) -> Response:
        request.get_data()
        told.append(dict(request.headers))
        return answer

    with listening(app) as url:
        yield url, told


@pytest.mark.parametrize(
    "members",
    [
        {},
        GOOD | {"verdict": "VALID"},
        GOOD | {"verdict": None},
        GOOD | {"signatures": [{"verdict": "PASSED"}]},
        GOOD | {"signatures": None},
        {name: value for name, value in GOOD.items() if name != "report"},
    ],
)
def test_an_answer_that_is_no_verdict_is_shown_as_none(make_page: MakePage, members: dict[str, Any]) -> None:
    with answering(Response(json.dumps(members), content_type="application/json")) as (url, _):
        answer = make_page(signing_service=url).check(make_pdf(1))
    assert answer.status_code == 503
    assert "hợp lệ" not in words(answer)


@pytest.mark.parametrize(
    ("status", "shown", "seconds"), [(429, 429, "7"), (503, 503, "7"), (500, 503, "7"), (302, 503, "7")]
)
def test_a_refusal_of_the_service_becomes_a_sentence(
    make_page: MakePage, status: int, shown: int, seconds: str
) -> None:
    refusal = Response("{}", status, {"Retry-After": "7"}, content_type="application/problem+json")
    with answering(refusal) as (url, _):
        answer = make_page(signing_service=url).check(make_pdf(1))
    assert (answer.status_code, answer.headers["Retry-After"]) == (shown, seconds)
    assert "Hãy thử lại" in words(answer) or "thử lại sau" in words(answer)


def test_the_service_is_told_the_caller_and_the_reference_and_nothing_else_of_the_person(
    make_page: MakePage,
) -> None:
    with answering(Response(json.dumps(GOOD), content_type="application/json")) as (url, told):
        page = make_page(signing_service=url)
        page.client.post(
            "/",
            data={"file": (io.BytesIO(make_pdf(1)), "ten-rieng.pdf")},
            environ_base={"REMOTE_ADDR": "198.51.100.7"},
            headers={"User-Agent": "May cua toi", "X-Request-Id": "abc-1", "Cookie": "x=y"},
        )
    first = told[0]
    assert (first["X-Forwarded-For"], first["X-Request-Id"]) == ("198.51.100.7", "abc-1")
    assert "ten-rieng" not in str(told)
    assert "May cua toi" not in str(told)
    assert "Cookie" not in first
