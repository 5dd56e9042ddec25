"""Keycloak under the same load as ours: its login form is filled in as a person would."""

from collections.abc import Callable, Mapping
from urllib.parse import urljoin

import httpx
from joserfc.jwk import ECKey

from tests.bench.side import ELSEWHERE, Side
from tests.conformance.oidc.browser import MAX_STEPS, Browser, Callback, Page
from tests.conformance.oidc.relying_party import Provider, RelyingParty
from tests.conformance.oidc.suite import REDIRECT_URI
from tests.interop.keycloak.running import CLIENT_ID, PASSWORD, USERNAME, RunningKeycloak
from tests.servers.stack import free_port

# Runs of everything before anything is measured: a JVM compiles what it runs often.
WARM_UP = 60


class _Browser(Browser):
    """Keycloak answers forms with 302; its Secure cookies reach loopback addresses, as in real browsers."""

    def __init__(self) -> None:
        super().__init__(True, lambda url: url.startswith(ELSEWHERE))

    def _follow(self, method: str, url: str, fields: Mapping[str, str] | None) -> Page | Callback:
        for _ in range(MAX_STEPS):
            if url.startswith(ELSEWHERE):
                return Callback(url, "query", dict(httpx.URL(url).params))
            answer = self.http.request(method, url, data=dict(fields) if fields is not None else None)
            for cookie in self.http.cookies.jar:
                cookie.secure = False
            if not answer.is_redirect:
                return Page(url, answer.status_code, answer.text, answer.headers)
            method, fields, url = "GET", None, urljoin(url, answer.headers["location"])
        raise AssertionError(f"redirected more than {MAX_STEPS} times, last to {url}")


def keycloak_side() -> tuple[Side, Callable[[], None]]:
    """Started and warm; and what ends it. Raises ForeignToolFailed."""
    key = ECKey.generate_key("P-256")
    http = httpx.Client(timeout=20, trust_env=False)
    party = RelyingParty(Provider("", http), CLIENT_ID, REDIRECT_URI, key=key)
    running = RunningKeycloak(free_port(), redirect_uri=REDIRECT_URI, jwks=party.jwks())
    party.provider.issuer = running.issuer
    party.provider.discover()

    def log_in(side: Side) -> Browser:
        browser = _Browser()
        page = browser.open(side.party.authorization_url(scope=side.scope))
        assert isinstance(page, Page), page
        form = page.form_with("password")
        assert form is not None, page.text[-1000:]
        back = browser.submit(page, form, username=USERNAME, password=PASSWORD)
        assert isinstance(back, Callback), back.text[-2000:]
        side.redeem(back.params["code"])
        return browser

    def close() -> None:
        running.close()
        http.close()

    # With offline access Keycloak ends the session that single sign-on needs; its others are rows too.
    side = Side(party, {"provider": [running.pid]}, log_in, resource={}, scope="openid")
    try:
        for _ in range(WARM_UP):
            browser = side.log_in(side)
            side.sso(browser)
            browser.http.close()
            for act in (side.client_credentials, side.refresh, side.introspect):
                act()
    except BaseException:
        close()
        raise
    return side, close
