"""GET / and POST /: the page with the form, and the check itself."""

from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for

from antin_verify.errors import NotSignedHere, TryLater
from antin_verify.kept import IncomingDocument
from antin_verify.pages import page
from antin_verify.services import Services
from antin_verify.web.browser import new_browser, remember_browser, this_browser
from antin_verify.web.receive import receive_document


def check_pages(services: Services) -> Blueprint:
    """Nobody logs in here (Luật 20/2023/QH15, Điều 24.3.c)."""
    pages = Blueprint("check", __name__)

    @pages.get("/")
    def start() -> Any:
        # A QR code stays short: /?d=… is the file's digest.
        if request.args.get("d"):
            return redirect(url_for("by_digest.show", sha256=request.args["d"]), 303)
        return page("start.html", settings=services.settings)

    @pages.post("/")
    def check() -> Any:
        document, name = receive_document(request, services.settings.max_document)
        verdict, report = services.signing().verify(
            document.path, document.size, caller=request.remote_addr or "", request_id=g.request_id
        )
        browser = this_browser() or new_browser()
        found = {"verdict": verdict, "report": report, "signed_here": _signed_here(document)}
        now = int(services.clock().timestamp())
        result_id = services.kept.keep(document, browser, now=now, name=name, found=found)
        answer: Any = redirect(url_for("result.show", result_id=result_id), 303)
        remember_browser(answer, browser)
        return answer

    def _signed_here(document: IncomingDocument) -> list[dict[str, Any]]:
        """What the service's own record says; a verdict does without it."""
        try:
            return services.signing().find(
                document.sha256, caller=request.remote_addr or "", request_id=g.request_id
            )
        except (NotSignedHere, TryLater):
            return []

    @pages.get("/healthz")
    def healthy() -> Response:
        return Response("ok\n", content_type="text/plain")

    @pages.get("/readyz")
    def ready() -> Response:
        well = services.signing().healthy()
        return Response(
            "ok\n" if well else "signing service away\n", 200 if well else 503, content_type="text/plain"
        )

    return pages
