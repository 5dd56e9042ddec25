"""Flask's ``session``, kept on the server; only the cookie goes to the browser."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.datastructures import CallbackDict

from desk.errors import SessionsUnavailable
from desk.sessions.store import Sessions, new_cookie

# Of somebody who is not logged in: a login under way.
ANONYMOUS_SECONDS = 15 * 60
_WITHOUT = ("/static/", "/bootstrap/", "/healthz", "/readyz", "/backchannel-logout")


class DeskSession(CallbackDict[str, Any], SessionMixin):
    """``cookie``: of the browser, or "". ``unavailable``: Redis did not answer, so nobody knows."""

    def __init__(self, values: dict[str, Any] | None = None, cookie: str = "") -> None:
        def changed(_: object) -> None:
            self.modified = True

        super().__init__(values or {}, changed)
        self._found = dict(values or {})
        self.cookie = cookie
        self.left_behind: list[str] = []
        self.modified = False
        self.unavailable: SessionsUnavailable | None = None

    def changes_onto(self, latest: dict[str, Any]) -> dict[str, Any]:
        """What is kept by now, with what this request changed: others of its browser went on meanwhile."""
        gone = self._found.keys() - self.keys()
        changed = {name: value for name, value in self.items() if self._found.get(name) != value}
        return {name: value for name, value in (latest | changed).items() if name not in gone}

    def begin_anew(self) -> None:
        """Another cookie, nothing in it: whoever knew the old one knows nothing now (session fixation)."""
        if self.cookie:
            self.left_behind.append(self.cookie)
        self.cookie = ""
        self.clear()


class RedisSessions(SessionInterface):
    """``session["until"]`` ends a login whatever happens; ``idle`` seconds without a visit end it too."""

    def __init__(self, store: Sessions, *, idle: int, https: bool, clock: Callable[[], float]) -> None:
        self._store = store
        self._idle = idle
        self._https = https
        self._clock = clock
        self.cookie_name = "__Host-desk" if https else "desk"

    def open_session(self, app: Flask, request: Request) -> DeskSession:
        cookie = request.cookies.get(self.cookie_name, "")
        if not cookie or request.path.startswith(_WITHOUT):
            return DeskSession()
        try:
            kept = self._store.find(cookie)
        except SessionsUnavailable as error:
            lost = DeskSession()
            lost.unavailable = error
            return lost
        if kept is None or kept.get("until", self._clock() + 1) <= self._clock():
            return DeskSession()
        return DeskSession(kept, cookie)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, DeskSession)  # noqa: S101 -- ours makes no other
        if session.unavailable:
            return
        for cookie in session.left_behind:
            self._store.end(cookie)
        if not session:
            if session.left_behind:
                response.delete_cookie(self.cookie_name, path="/", secure=self._https, httponly=True)
            return
        seconds = self._seconds(session)
        if not session.modified:
            self._store.touch(session.cookie, seconds=seconds)
            return
        values = dict(session)
        if session.cookie:
            latest = self._store.find(session.cookie)
            if latest is None:
                # It was ended meanwhile, perhaps by a logout elsewhere: nothing brings it back.
                return
            values = session.changes_onto(latest)
        else:
            session.cookie = new_cookie()
            response.set_cookie(
                self.cookie_name, session.cookie, path="/", secure=self._https, httponly=True, samesite="Lax"
            )
        self._store.keep(session.cookie, values, seconds=seconds, session_id=str(session.get("sid", "")))

    def _seconds(self, session: DeskSession) -> int:
        if "until" not in session:
            return ANONYMOUS_SECONDS
        return max(1, min(self._idle, int(session["until"] - self._clock())))
