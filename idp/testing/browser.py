"""What a person's browser does on the way through a login: redirects, cookies, forms; no JavaScript."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

import httpx

from idp.testing.errors import CannotRun

_MAX_STEPS = 25


@dataclass
class Form:
    """As it stands on the page. ``buttons``: CSS class, name, value and own action of each."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)

    def button(self, css_class: str) -> dict[str, str] | None:
        return next((each for each in self.buttons if css_class in each.get("class", "").split()), None)


class _Forms(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("method", "get").lower(), given.get("action", ""))
            self.found.append(self._open)
        elif self._open is not None and tag == "input" and given.get("name"):
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self._open.fields[given["name"]] = given.get("value", "")
        elif self._open is not None and tag == "button":
            self._open.buttons.append(given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


@dataclass(frozen=True, slots=True)
class Page:
    url: str
    status: int
    text: str

    @property
    def forms(self) -> list[Form]:
        return _Forms(self.text).found


class Browser:
    """Stays at one issuer: an address elsewhere ends the way, and is the answer (a str)."""

    def __init__(self, issuer: str) -> None:
        self._home = f"{issuer}/"
        self._http = httpx.Client(follow_redirects=False, timeout=20, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def open(self, url: str) -> "Page | str":
        return self._follow("GET", url, None)

    def submit(self, page: Page, form: Form, button: dict[str, str], **typed: str) -> "Page | str":
        """Fill in and press."""
        fields = {**form.fields, **typed}
        if button.get("name"):
            fields[button["name"]] = button.get("value", "")
        target = urljoin(page.url, button.get("formaction") or form.action or page.url)
        if form.method == "get":
            return self.open(str(httpx.URL(target).copy_merge_params(fields)))
        return self._follow("POST", target, fields)

    def _follow(self, method: str, url: str, fields: dict[str, str] | None) -> "Page | str":
        for _ in range(_MAX_STEPS):
            if not url.startswith(self._home):
                return url
            answer = self._http.request(method, url, data=fields)
            if not answer.is_redirect:
                return self._posted(Page(url, answer.status_code, answer.text))
            method, fields, url = "GET", None, urljoin(url, answer.headers["location"])
        raise CannotRun(f"Chuyển hướng không dứt: {url}", f"Redirected without end, last to {url}")

    def _posted(self, page: Page) -> "Page | str":
        """response_mode=form_post: what the page would post, as a query."""
        for form in page.forms:
            target = urljoin(page.url, form.action)
            if form.method == "post" and not target.startswith(self._home):
                return f"{target}{'&' if '?' in target else '?'}{urlencode(form.fields)}"
        return page
