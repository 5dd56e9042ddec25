"""/documents/<id>: a document as it will be signed, page by page; then the signed file, receipt, verdict."""

import io

import orjson
from flask import Blueprint, Response, abort, request, send_file

from desk.services import Services
from desk.signing.shown import draw_page
from desk.store.documents import State
from desk.web.credential import signing_credential
from desk.web.pages import page
from desk.web.person import bearer, current_person

# Each is a picture of some hundred KB, and a long page is the browser's memory.
SHEETS_AT_ONCE = 20


def sheets_from(first: int, pages: int) -> range:
    """The part of a document that holds page ``first``, or its nearest page; never empty."""
    inside = max(1, min(first, pages))
    start = inside - (inside - 1) % SHEETS_AT_ONCE
    return range(start, max(start, min(pages, start + SHEETS_AT_ONCE - 1)) + 1)


def document_pages(services: Services) -> Blueprint:
    """A session; another's document is not there."""
    blueprint = Blueprint("documents", __name__)

    @blueprint.get("/documents/<document_id>")
    def show(document_id: str) -> Response:
        person = current_person()
        found = services.documents.get(person.subject, document_id)
        caller = bearer(services.authorize)
        credential = signing_credential(services, caller) if found.state is State.TO_SIGN else None
        if credential:
            now = int(services.clock())
            found = services.prepare_shown(caller, found, credential.credential_id, now)
        history = services.documents.history(person.subject, found.id)
        return page(
            "document.html",
            document=found,
            credential=credential,
            history=history,
            sheets=sheets_from(request.args.get("from", 1, type=int), found.pages),
            at_once=SHEETS_AT_ONCE,
        )

    @blueprint.get("/documents/<document_id>/pages/<int:number>.png")
    def picture(document_id: str, number: int) -> Response:
        found = services.documents.get(current_person().subject, document_id)
        content = services.prepare_shown.shown(bearer(services.authorize), found)
        try:
            drawn = draw_page(content, number)
        except IndexError:
            abort(404)
        return Response(drawn, content_type="image/png")

    @blueprint.get("/documents/<document_id>/signed.pdf")
    def signed(document_id: str) -> Response:
        found = services.documents.get(current_person().subject, document_id)
        if found.state is not State.DONE:
            abort(404)
        content = services.prepare_shown.shown(bearer(services.authorize), found)
        name = f"{found.name}.da-ky.pdf"
        answer = send_file(io.BytesIO(content), "application/pdf", as_attachment=True, download_name=name)
        # As every page: the next person at this computer finds nothing in the browser.
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @blueprint.get("/documents/<document_id>/receipt.json")
    def receipt(document_id: str) -> Response:
        found = services.documents.get(current_person().subject, document_id)
        if found.receipt is None:
            abort(404)
        answer = Response(orjson.dumps(found.receipt), content_type="application/json")
        answer.headers["Content-Disposition"] = f'attachment; filename="bien-nhan-{found.leaf_index}.json"'
        return answer

    @blueprint.post("/documents/<document_id>/verify")
    def verify(document_id: str) -> Response:
        found = services.documents.get(current_person().subject, document_id)
        if found.state is not State.DONE:
            abort(404)
        content = services.prepare_shown.shown(bearer(services.authorize), found)
        verdict = services.service.verify(content, caller=request.remote_addr or "")
        return page("verdict.html", document=found, verdict=verdict)

    return blueprint
