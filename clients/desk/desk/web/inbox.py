"""/: what lies on the person's desk; /upload: what they put there."""

import hashlib
import secrets
from pathlib import PurePath
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask_babel import get_locale, gettext
from werkzeug.datastructures import FileStorage

from desk.errors import DeskError, ServiceRefused, Unavailable
from desk.services import Services
from desk.store.documents import State
from desk.web.pages import page, see_other
from desk.web.person import Person, bearer, current_person, find_person

SHOWN = {"to-sign": (State.TO_SIGN,), "signing": (State.SIGNING,), "done": (State.DONE,)}
# Each is one call of the signing service, and the browser waits for all of them.
MAX_FILES = 100
MIB = 1024 * 1024
MAX_NAME = 200
MAX_PAGE = 100_000


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
        number = min(max(request.args.get("page", 1, type=int), 1), MAX_PAGE)
        found, more = services.documents.on_desk(person.subject, SHOWN[shown], words, number=number)
        if not found and number > 1:
            # The last of this page was signed in the meantime.
            return see_other(f"/?{urlencode({'show': shown, 'q': words, 'page': number - 1})}")
        return page("inbox.html", documents=found, shown=shown, words=words, number=number, more=more)

    @blueprint.get("/upload")
    def upload_form() -> Response:
        current_person()
        return _form()

    @blueprint.post("/upload")
    def upload() -> Response:
        person = current_person()
        files = [each for each in request.files.getlist("files") if each.filename]
        if not files:
            return _form(400, problem=gettext("Bạn chưa chọn tệp nào."))
        if len(files) > MAX_FILES:
            text = gettext(
                "Chưa nhận tệp nào: mỗi lần tải lên nhiều nhất %(most)s tệp. Hãy chia làm nhiều lần.",
                most=MAX_FILES,
            )
            return _form(400, problem=text)
        refused: list[tuple[str, list[str]]] = []
        away: Unavailable | None = None
        for file in files:
            try:
                # Once it is away nobody waits for it file by file.
                problem = _send(services, person, file) if away is None else _in_words(away)
            except Unavailable as error:
                away, problem = error, _in_words(error)
            if problem:
                refused.append((file.filename or "", problem))
        if refused:
            status = away.status if away else 400
            return _form(status, refused=refused, accepted=len(files) - len(refused))
        return see_other("/")

    return blueprint


def _send(services: Services, person: Person, file: FileStorage) -> list[str]:
    """Why it was not taken, in words; nothing when it was."""
    most = services.settings.max_document
    content = file.stream.read(most + 1)
    if len(content) > most:
        return [gettext("Tệp lớn hơn %(most)s MB. Hãy chọn tệp nhỏ hơn.", most=most // MIB)]
    name = clean_name(file.filename or "")
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
    name = "message_en" if str(get_locale()) == "en" else "message"
    told = [str(each.get(name) or "") for each in error.findings]
    return [each for each in told if each] or _in_words(error)


def _in_words(error: DeskError) -> list[str]:
    return [error.en if str(get_locale()) == "en" else error.vi]
