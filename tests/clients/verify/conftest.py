"""The public page on a real signing service, over HTTP."""

import io
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from antin_verify.app import create_app
from antin_verify.settings import Settings
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from tests.servers.key_process import RunningKeyProcess
from tests.servers.plain_pdf import make_pdf
from tests.servers.signsvc import Enrolled, Issuer, Service, WholeAnswers, enrolled, issuer, run_service

__all__ = ["enrolled", "issuer"]


@contextmanager
def listening(app: Flask, port: int = 0) -> Iterator[str]:
    """The app's address while it is served."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Signing:
    """A signing service that listens; ``signed`` makes documents with its seal."""

    service: Service
    url: str
    kept: dict[str, bytes] = field(default_factory=dict)

    def sign(self, content: bytes, **wishes: Any) -> bytes:
        done = self.service.signed(content, **wishes)
        answer = self.service.client.get(
            f"/v1/signatures/{done['id']}/content", headers=self.service.headers()
        )
        return bytes(answer.data)

    def document(self, level: str = "B-T") -> bytes:
        """A signed document; each level is made once."""
        if level not in self.kept:
            self.kept[level] = self.sign(make_pdf(1), level=level)
        return self.kept[level]


@pytest.fixture(scope="session")
def signing(
    tmp_path_factory: pytest.TempPathFactory,
    issuer: Issuer,
    enrolled: Enrolled,
    key_process: RunningKeyProcess,
    devca: Any,
    redis_url: str,
) -> Iterator[Signing]:
    """For the session; it counts callers by the address that the page tells, as behind a gateway."""
    with ExitStack() as stack:
        service = stack.enter_context(
            run_service(
                tmp_path_factory.mktemp("signsvc"), issuer, enrolled, key_process, devca,
                redis_url=f"redis+{redis_url}", trusted_proxies=1,
            )
        )  # fmt: skip
        url = stack.enter_context(listening(service.client.application))
        yield Signing(service, url)


@dataclass
class Page:
    """The page's app with its test client, a browser that keeps cookies."""

    settings: Settings
    app: Flask
    client: FlaskClient
    log: io.StringIO

    def check(self, content: bytes, name: str = "quyết định.pdf", **more: Any) -> Any:
        """Post a file and follow to the result."""
        return self.client.post(
            "/", data={"file": (io.BytesIO(content), name)}, follow_redirects=True, **more
        )


MakePage = Callable[..., Page]


@pytest.fixture
def make_page(tmp_path: Path, signing: Signing) -> Iterator[MakePage]:
    made: list[Page] = []

    def make(*, clock: Any = None, **changes: Any) -> Page:
        settings = Settings(**({"signing_service": signing.url, "kept_dir": tmp_path / "kept"} | changes))
        log = io.StringIO()
        app = create_app(settings, log=log, **({"clock": clock} if clock else {}))
        app.test_client_class = WholeAnswers
        made.append(Page(settings, app, app.test_client(), log))
        return made[-1]

    yield make
    for page in made:
        page.app.extensions["antin-verify"].signing().close()


@pytest.fixture
def page(make_page: MakePage) -> Page:
    return make_page()
