"""/: what lies on the person's desk; /upload: what they put there."""

import hashlib
import secrets
from pathlib import PurePath

from flask import Blueprint, Response, request
from flask_babel import get_locale
from werkzeug.datastructures import FileStorage

from desk.errors import ServiceRefused
from desk.services import Services
from desk.store.documents import State
from desk.web.pages import page, see_other
from desk.web.person import Person, bearer, current_person, find_person

SHOWN = {"to-sign": (State.TO_SIGN,), "signing": (State.SIGNING,), "done": (State.DONE,)}
MAX_NAME = 200


def inbox_pages(services: Services) -> Blueprint:
    """``/`` is public: whoever is not logged in is told what this is."""
    blueprint = Blueprint("inbox", __name__)

    @blueprint.get("/")
    def inbox() -> Response:
        person = find_person()
        if person is None:
            return page("welcome.html")
        shown = request.args.get("show", "to-sign")
        shown = shown if shown in SHOWN else "to-sign"
        words = request.args.get("q", "")[:200]
        found = services.documents.on_desk(person.subject, SHOWN[shown], words)
        return page("inbox.html", documents=found, shown=shown, words=words)

    @blueprint.get("/upload")
    def upload_form() -> Response:
        current_person()
        return _form()

    @blueprint.post("/upload")
    def upload() -> Response:
        person = current_person()
        files = [each for each in request.files.getlist("files") if each.filename]
        refused = []
        for file in files:
            problem = _send(services, person, file)
            if problem:
                refused.append((file.filename, problem))
        if refused or not files:
            taken = len(files) - len(refused)
            return _form(400, refused=refused, empty=not files, accepted=taken)
        return see_other("/")

    return blueprint


def _send(services: Services, person: Person, file: FileStorage) -> list[str]:
    """Why it was not taken, in words; nothing when it was."""
    name = clean_name(file.filename or "")
    content = file.stream.read()
    once = request.form.get("once", "")[:100]
    key = hashlib.sha256(f"{person.subject}\n{once}\n{name}\n".encode() + content).hexdigest()
    try:
        told = services.service.upload(bearer(services.authorize), name, content, key)
    except ServiceRefused as error:
        return words_of(error)
    title = name.removesuffix(".pdf")
    services.documents.add(person.subject, title, told, by=person.name, now=int(services.clock()))
    return []


def _form(status: int = 200, **told: object) -> Response:
    """With a name of its own, so that a double click on its button sends each file once."""
    return page("upload.html", status=status, once=secrets.token_urlsafe(16), **told)


def clean_name(given: str) -> str:
    """One line without a folder."""
    last = PurePath(given.replace("\\", "/")).name
    return "".join(letter for letter in last if letter.isprintable())[:MAX_NAME] or "van-ban.pdf"


def words_of(error: ServiceRefused) -> list[str]:
    """Each finding, in the reader's language; without any, what the service says."""
    english = str(get_locale()) == "en"
    told = [str(each.get("message_en" if english else "message") or "") for each in error.findings]
    return [each for each in told if each] or [error.en if english else error.vi]
