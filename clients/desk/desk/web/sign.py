"""/sign: have documents approved on the signing service's page, then signed; /batches/<id>: how it goes.

::

    1 each document is prepared; what was shown must be what is approved
    2 the identity provider is asked for the person's approval of exactly these (scope ``credential``)
    3 the browser comes back: the answer must belong to this session, and is used once
    4 the rows say "signing" before anything is signed, then a thread begins
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict

import orjson
from flask import Blueprint, Response, request, session
from flask_babel import gettext

from desk.errors import LoginFailed, NotFound, NotWhatWasShown
from desk.provider.authorize import Request
from desk.services import Services
from desk.signing.service import Bearer
from desk.store.documents import Document, State
from desk.web.credential import signing_credential
from desk.web.pages import page, see_other
from desk.web.person import bearer, current_person, dpop_key

MAX_AT_ONCE = 100
MAX_UNDER_WAY = 5
REFRESH_SECONDS = 2
# A thread has surely looked at each by then; what is left is looked up.
LOOK_AFTER_SECONDS = 20


def sign_pages(services: Services) -> Blueprint:
    """A session, and the form token for whatever is posted."""
    blueprint = Blueprint("sign", __name__)

    @blueprint.post("/sign")
    def sign() -> Response:
        person = current_person()
        ids = list(dict.fromkeys(request.form.getlist("documents")))
        if not ids or len(ids) > MAX_AT_ONCE:
            return _say(gettext("Hãy chọn từ 1 đến %(most)s văn bản để ký.", most=MAX_AT_ONCE))
        caller = bearer(services.authorize)
        credential = signing_credential(services, caller)
        if credential is None:
            return _say(
                gettext("Bạn chưa có chứng thư ký số đang hoạt động. Hãy liên hệ quản trị của đơn vị.")
            )
        # 1
        found = [services.documents.get(person.subject, each) for each in ids]
        found = [each for each in found if each.state is State.TO_SIGN]
        if not found:
            return see_other("/")
        now = int(services.clock())
        ready = [services.prepare_shown(caller, each, credential.credential_id, now) for each in found]
        _check_shown(ready)
        # 2
        asked, address = services.authorize.push(
            dpop_key(), services.settings.approved_uri, _wanted(services, credential.credential_id, ready)
        )
        under_way = dict(list(session.get("approvals", {}).items())[-(MAX_UNDER_WAY - 1) :])
        kept = {
            "asked": asdict(asked),
            "documents": [each.id for each in ready],
            "batch": secrets.token_hex(16),
        }
        session["approvals"] = under_way | {asked.state: kept}
        return see_other(address)

    @blueprint.get("/approved")
    def approved() -> Response:
        person = current_person()
        # 3
        under_way = dict(session.get("approvals", {}))
        begun = under_way.pop(request.args.get("state", ""), None)
        if begun is None:
            # A reload: what was approved is under way or done.
            return see_other("/")
        session["approvals"] = under_way
        if request.args.get("error") == "access_denied":
            return page("not_approved.html")
        asked = Request(**begun["asked"])
        tokens = services.authorize.redeem(asked, request.args, dpop_key())
        # 4
        batch_id = begun["batch"]
        now = int(services.clock())
        if not services.documents.begin_signing(person.subject, begun["documents"], batch_id, now):
            # Another tab was faster.
            return see_other("/")
        given = Bearer(tokens.access_token, dpop_key())
        thread = services.sign_batch.start(person.subject, batch_id, given, person.name)
        if len(begun["documents"]) == 1:
            # One is done while a page would be loading.
            thread.join(REFRESH_SECONDS)
        return see_other(f"/batches/{batch_id}")

    @blueprint.get("/batches/<batch_id>")
    def batch(batch_id: str) -> Response:
        person = current_person()
        found = services.documents.of_batch(person.subject, batch_id)
        if not found:
            raise NotFound
        left = [each for each in found if each.state is State.SIGNING]
        if left and services.clock() - left[0].approved_at > LOOK_AFTER_SECONDS:
            services.sign_batch.resume(person.subject, batch_id, bearer(services.authorize), person.name)
            found = services.documents.of_batch(person.subject, batch_id)
            left = [each for each in found if each.state is State.SIGNING]
        answer = page("batch.html", documents=found, left=left)
        if left:
            # Works without scripts, and after the page was closed and opened again.
            answer.headers["Refresh"] = str(REFRESH_SECONDS)
        return answer

    return blueprint


def _check_shown(ready: Sequence[Document]) -> None:
    """Step 1: a page that was opened says which digest it showed. Raises NotWhatWasShown."""
    for each in ready:
        shown = request.form.get(f"digest-{each.id}")
        if each.prepared is None or (shown is not None and shown != each.prepared.digest):
            raise NotWhatWasShown("another digest than the page's")


def _wanted(services: Services, credential_id: str, ready: Sequence[Document]) -> dict[str, str]:
    prepared = [each.prepared for each in ready if each.prepared]
    if len(prepared) != len(ready):
        raise LoginFailed("not prepared")
    detail = {
        "type": "credential",
        "credentialID": credential_id,
        "preparedSignatures": [each.signature_id for each in prepared],
    }
    return {
        "scope": "credential",
        "resource": services.settings.resource,
        "authorization_details": orjson.dumps([detail]).decode(),
        "ui_locales": "vi en",
    }


def _say(text: str) -> Response:
    return page("message.html", status=400, heading=gettext("Chưa ký được"), text=text)
