"""What a browser does on the way through a login, without one: redirects, cookies, forms.

Pages are read as the conformance suite's own plan would name their fields: ``username``, ``password``,
``otp``, and the buttons ``login-submit``, ``consent-submit``, ``logout-confirm``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

MAX_STEPS = 25


@dataclass
class Form:
    """A form as it stands on the page: where it goes and what it would send."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return name in self.fields

    def button(self, css_class: str) -> dict[str, str] | None:
        return next((each for each in self.buttons if css_class in each.get("class", "").split()), None)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.frames: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.images: list[str] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("method", "get").lower(), given.get("action", ""))
            self.forms.append(self._open)
        elif tag == "iframe":
            self.frames.append(given.get("src", ""))
        elif tag == "img":
            self.images.append(given.get("src", ""))
        elif tag == "a":
            self.links.append((given.get("href", ""), given.get("class", "")))
        elif self._open is not None and tag == "input" and given.get("name"):
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self._open.fields[given["name"]] = given.get("value", "")
        elif self._open is not None and tag == "button":
            self._open.buttons.append(given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


@dataclass
class Page:
    """An HTML answer that the browser shows."""

    url: str
    status: int
    text: str
    headers: httpx.Headers

    def __post_init__(self) -> None:
        reader = _Reader()
        reader.feed(self.text)
        self.forms, self.frames = reader.forms, reader.frames
        self.links, self.images = reader.links, reader.images

    def form_with(self, name: str) -> Form | None:
        return next((form for form in self.forms if form.has(name)), None)

    def form_with_button(self, css_class: str) -> tuple[Form, dict[str, str]] | None:
        for form in self.forms:
            button = form.button(css_class)
            if button is not None:
                return form, button
        return None


@dataclass(frozen=True)
class Callback:
    """What arrived at a relying party's address. ``mode``: query or form_post."""

    url: str
    mode: str
    params: Mapping[str, str]


class Browser:
    """One browser with its cookies. ``elsewhere``: addresses that belong to relying parties."""

    def __init__(self, verify: object, elsewhere: Callable[[str], bool]) -> None:
        self.http = httpx.Client(verify=verify, follow_redirects=False, timeout=20)  # type: ignore[arg-type]
        self._elsewhere = elsewhere
        self.on_page: Callable[[Page], object] = lambda page: None

    def open(self, url: str) -> Page | Callback:
        return self._follow("GET", url, None)

    def post(self, url: str, fields: Mapping[str, str]) -> Page | Callback:
        return self._follow("POST", url, fields)

    def submit(
        self, page: Page, form: Form, button: Mapping[str, str] | None = None, **changes: str
    ) -> Page | Callback:
        """Send a form, with ``changes`` typed in and ``button`` pressed."""
        fields = {**form.fields, **changes}
        if button and button.get("name"):
            fields[button["name"]] = button.get("value", "")
        target = urljoin(page.url, (button or {}).get("formaction") or form.action or page.url)
        if form.method == "get":
            return self.open(str(httpx.URL(target).copy_merge_params(fields)))
        return self._follow("POST", target, fields)

    def _follow(self, method: str, url: str, fields: Mapping[str, str] | None) -> Page | Callback:
        for _ in range(MAX_STEPS):
            if self._elsewhere(url):
                parts = urlsplit(url)
                if method == "POST":
                    return Callback(url, "form_post", dict(fields or {}))
                return Callback(url, "query", dict(parse_qsl(parts.query, keep_blank_values=True)))
            answer = self.http.request(method, url, data=dict(fields) if fields is not None else None)
            if not answer.is_redirect:
                return self._through_form_post(Page(url, answer.status_code, answer.text, answer.headers))
            assert method == "GET" or answer.status_code == 303, (
                "a form is answered with 303 (RFC 9700 §4.12)"
            )
            method, fields, url = "GET", None, urljoin(url, answer.headers["location"])
        raise AssertionError(f"redirected more than {MAX_STEPS} times, last to {url}")

    def _through_form_post(self, page: Page) -> Page | Callback:
        """response_mode=form_post: the page's one form goes to the relying party by itself."""
        self.on_page(page)
        for form in page.forms:
            target = urljoin(page.url, form.action)
            if form.method == "post" and self._elsewhere(target):
                return Callback(target, "form_post", form.fields)
        return page
