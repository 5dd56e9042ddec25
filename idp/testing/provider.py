"""The provider for tests: the real app, served over HTTP by threads of this process."""

import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from werkzeug.serving import WSGIRequestHandler, make_server

from idp.app import create_app
from idp.cookie_keys import ensure_cookie_keys
from idp.protocol.client_metadata import BASELINE
from idp.services import Services
from idp.settings import Settings
from idp.store.database import Database
from idp.store.migrate import migrate
from idp.store.sealing import ensure_directory_keys
from idp.testing.browser import Browser, Page
from idp.testing.clients import SampleClient, register_client
from idp.testing.errors import CannotRun
from idp.testing.people import SamplePerson, add_person, fresh_otp
from idp.testing.redis_server import OwnRedis
from idp.testing.token_keys import KeysInMemory
from idp.web.request_log import new_logger
from idp.work import build_worker

_MAX_PAGES = 10
_ISSUER = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]):([0-9]{1,5})", re.ASCII)


class _OwnSettings(Settings):
    """Not of the environment: the IDP_* of a real provider must not reach this one."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 -- Werkzeug's name
        """The app logs each request itself, without its parameters."""


class SampleProvider:
    """Running when made; ``close`` it, or use it in a ``with``.

    ``issuer``: http on a loopback address with a port, or "" for a free port. ``redis_url``: or "" for one of
    its own. ``settings``: any of ``idp.settings``. Raises CannotRun.
    """

    def __init__(self, issuer: str = "", *, redis_url: str = "", **settings: Any) -> None:
        self._listener = _listen(issuer)
        host, port = self._listener.getsockname()[:2]
        self.issuer = issuer or f"http://{host}:{port}"
        self._folder = Path(tempfile.mkdtemp(prefix="antin-mau-"))
        self._redis: OwnRedis | None = None
        try:
            self._redis = None if redis_url else OwnRedis(self._folder)
            own = self._own_settings(redis_url or (self._redis.url if self._redis else ""), settings)
            self._prepare(own)
            self._log = (self._folder / "idp.log").open("ab")
            app = create_app(own, connect=lambda _: KeysInMemory(), log=self._log)
        except BaseException:
            self._remove()
            raise
        self.services: Services = app.extensions["idp"]
        self._stop = threading.Event()
        worker = build_worker(self.services, new_logger(self._log))
        self._server = make_server(
            host, port, app, threaded=True, request_handler=_Quiet, fd=self._listener.fileno()
        )
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.05,), name="antin-mau", daemon=True),
            # Tells relying parties of logouts (OpenID Connect Back-Channel Logout 1.0).
            threading.Thread(target=worker.run, args=(self._stop,), name="antin-mau-worker", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> "SampleProvider":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and take everything away."""
        self._stop.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join(20)
        self._server.server_close()
        self.services.evidence.close()
        self.services.login.hashing.close()
        self.services.token_keys.close()
        self.services.redis.close()
        self.services.database.close()
        self._log.close()
        self._remove()

    def register(self, profile: str = BASELINE, **metadata: Any) -> SampleClient:
        """A relying party: see ``register_client``."""
        return register_client(self.services, profile, **metadata)

    def person(self, kind: str = "citizen", **about: Any) -> SamplePerson:
        """Somebody who can log in: see ``add_person``."""
        return add_person(self.services, kind, **about)

    def browser(self) -> Browser:
        """With cookies of its own: give it to ``log_in`` twice to see single sign-on."""
        return Browser(self.issuer)

    def log_in(
        self,
        authorization_url: str,
        person: SamplePerson,
        *,
        browser: Browser | None = None,
        reject: bool = False,
    ) -> str:
        """What the person's browser would do, up to the callback: its URL, with ``code`` or ``error``.

        ``reject``: the person does not consent. A form_post answer comes as a URL too, its fields as a query.
        Raises CannotRun, with what the page says, when the way ends before the callback.
        """
        used = browser or self.browser()
        try:
            at = used.open(authorization_url)
            for _ in range(_MAX_PAGES):
                if isinstance(at, str):
                    return at
                at = self._act(used, at, person, reject=reject)
        finally:
            if browser is None:
                used.close()
        raise CannotRun("Đăng nhập không đi tới đâu.", "The login never ends.")

    def _act(self, browser: Browser, page: Page, person: SamplePerson, *, reject: bool) -> Page | str:
        for form in page.forms:
            consent = form.button("consent-reject" if reject else "consent-submit")
            if consent is not None:
                return browser.submit(page, form, consent)
            login = form.button("login-submit")
            if login is not None and "password" in form.fields:
                return browser.submit(page, form, login, username=person.username, password=person.password)
            if login is not None and "otp" in form.fields and person.totp_secret:
                return browser.submit(page, form, login, otp=fresh_otp(self.services, person))
        # Without the query: it may carry what belongs to the relying party.
        where = f"{page.status} {urlsplit(page.url).path}"
        raise CannotRun(f"Dừng ở trang {where}.", f"Stopped at {where}:\n{page.text[-2000:]}")

    def _own_settings(self, redis_url: str, changes: Mapping[str, Any]) -> Settings:
        own = {
            "issuer": self.issuer,
            "redis_url": redis_url,
            "database_url": f"sqlite:///{self._folder}/idp.sqlite3",
            "cookie_keys_file": self._folder / "cookie-keys",
            "directory_keys_file": self._folder / "directory-keys",
            "client_cache_seconds": 0,
        }
        # No setting moves it off this machine.
        return _OwnSettings(**{**changes, **own})

    @staticmethod
    def _prepare(own: Settings) -> None:
        """What ``python -m idp migrate`` does."""
        database = Database(own.database_url)
        migrate(database, own.database_url)
        database.close()
        ensure_cookie_keys(own.cookie_keys_file)
        ensure_directory_keys(own.directory_keys_file)

    def _remove(self) -> None:
        if self._redis is not None:
            self._redis.stop()
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _listen(issuer: str) -> socket.socket:
    """Bound to the issuer's own address, or to a free port."""
    found = _ISSUER.fullmatch(issuer or "http://127.0.0.1:0")
    port = int(found[2]) if found else -1
    if found is None or port > 65535 or (issuer and not port):
        raise CannotRun(
            "Chỉ để thử nghiệm: issuer phải là http://127.0.0.1:CỔNG, địa chỉ của chính máy này.",
            "For tests only: the issuer must be http://127.0.0.1:PORT, an address of this machine alone.",
        )
    ipv6 = found[1] == "[::1]"
    listener = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        # localhost may resolve elsewhere: what is bound is the literal address.
        listener.bind(("::1" if ipv6 else "127.0.0.1", port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise CannotRun(
            f"Không dùng được cổng {port} (đang có chương trình khác?); chọn cổng khác.",
            f"Port {port} cannot be used (is it taken?); choose another.",
        ) from error
    return listener
