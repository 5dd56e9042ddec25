"""/results/…: the verdict on a page, and its downloads; for the browser that brought the file."""

import json
import re
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, url_for

from antin_verify.advice import advise, can_be_cut, codes, heading, meaning, outcome_of
from antin_verify.errors import NotKept
from antin_verify.kept import Result
from antin_verify.pages import page, qr_code
from antin_verify.services import Services
from antin_verify.web.browser import this_browser

_UNSAFE = re.compile(r"[^A-Za-z0-9 ._()-]")


def result_pages(services: Services) -> Blueprint:
    """Every address raises NotKept for another browser, and when the time is over."""
    pages = Blueprint("result", __name__, url_prefix="/results/<result_id>")

    def find(result_id: str) -> Result:
        return services.kept.find(result_id, this_browser(), now=int(services.clock().timestamp()))

    @pages.get("")
    def show(result_id: str) -> Response:
        result = find(result_id)
        outcome, reasons = outcome_of(result.verdict["verdict"]), codes(result.verdict)
        address = f"{services.settings.public_url.rstrip('/')}/?d={result.sha256}"
        return page(
            "result.html",
            result=result,
            verdict=result.verdict,
            outcome=outcome,
            outcome_of=outcome_of,
            heading=heading(outcome),
            meaning=meaning(outcome, reasons),
            advice=advise(outcome, reasons, cut=any(map(can_be_cut, result.verdict["signatures"]))),
            can_be_cut=can_be_cut,
            training="training" in reasons,
            address=address,
            qr=qr_code(address) if result.signed_here else "",
        )

    @pages.get("/report.json")
    def report_json(result_id: str) -> Response:
        result = find(result_id)
        members = {"file": {"name": result.name, "sha256": result.sha256}, **result.verdict}
        text = json.dumps(members, ensure_ascii=False, indent=2)
        return _download(text, "application/json", f"{_stem(result)}.ket-qua.json")

    @pages.get("/report.xml")
    def report_xml(result_id: str) -> Response:
        """ETSI TS 119 102-2, of the very validation that the page shows."""
        result = find(result_id)
        return _download(result.report, "application/xml", f"{_stem(result)}.etsi-119-102-2.xml")

    @pages.get("/signed/<int:number>.pdf")
    def signed_revision(result_id: str, number: int) -> Response:
        """The file cut where signature ``number`` ends: what its signer signed, without what came later."""
        result = find(result_id)
        signatures = result.verdict["signatures"]
        if not 1 <= number <= len(signatures) or not can_be_cut(signatures[number - 1]):
            raise NotKept
        length = int(signatures[number - 1]["signed_length"])
        name = f"{_stem(result)}.ban-da-ky-{number}.pdf"
        answer = _download(result.read(length), "application/pdf", name)
        answer.content_length = length
        return answer

    @pages.post("/delete")
    def delete(result_id: str) -> Any:
        """The cookie is SameSite=Strict: no other site's page can ask for this."""
        find(result_id)
        services.kept.forget(result_id, this_browser())
        return redirect(url_for("check.start", deleted=1), 303)

    return pages


def _download(body: Any, kind: str, name: str) -> Response:
    answer = Response(body, content_type=kind)
    # RFC 6266: an ASCII name that no browser trips over, and the whole one in UTF-8.
    fallback = _UNSAFE.sub("_", name)
    answer.headers["Content-Disposition"] = (
        f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    return answer


def _stem(result: Result) -> str:
    return result.name.removesuffix(".pdf").removesuffix(".PDF") or "document"
