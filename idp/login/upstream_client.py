"""Calls to an upstream: short time-outs, no redirects, and no address in any log: one carries a token."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import httpx
import orjson

from idp.errors import UpstreamFailed
from idp.login.upstream_profile import UpstreamProfile

CONNECT_SECONDS, ANSWER_SECONDS = 2.0, 5.0
MAX_BYTES = 256 * 1024
KEYS_SECONDS = 300.0
# httpx tells addresses at INFO, httpcore headers at DEBUG; here both carry secrets.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class UpstreamClient:
    """Thread-safe; connects at the first use. Raises UpstreamFailed: ``unavailable`` or ``invalid``.

    ``aside``: entered while an answer is waited for: a slow upstream is nobody else's matter.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._monotonic = monotonic
        self._aside = aside
        self._http: httpx.Client | None = None
        self._keys: dict[str, tuple[float, dict[str, Any]]] = {}

    def is_alive(self, profile: UpstreamProfile) -> bool:
        """Whether it answers at all, in two seconds: asked before a person is sent there."""
        try:
            with self._aside():
                answer = self._client().get(
                    profile.jwks_uri or profile.authorization_endpoint, timeout=CONNECT_SECONDS
                )
        except httpx.HTTPError:
            return False
        return not answer.is_server_error

    def redeem(
        self, profile: UpstreamProfile, *, code: str, redirect_uri: str, verifier: str
    ) -> dict[str, Any]:
        """The token answer (RFC 6749 §4.1.3); credentials in the form, as these upstreams want them."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": profile.client_id,
        }
        if profile.client_secret:
            form["client_secret"] = profile.client_secret
        answer = self._ask("POST", profile.token_endpoint, data=form)
        if not isinstance(answer.get("access_token"), str):
            raise UpstreamFailed("invalid", detail="no access token")
        return answer

    def userinfo(self, profile: UpstreamProfile, access_token: str) -> dict[str, Any]:
        if profile.userinfo == "token_in_url":
            return self._ask("GET", profile.userinfo_endpoint, params={"token_id": access_token})
        headers = {"Authorization": f"Bearer {access_token}"}
        return self._ask("GET", profile.userinfo_endpoint, headers=headers)

    def keys(self, profile: UpstreamProfile, *, fresh: bool = False) -> dict[str, Any]:
        """Its JWK Set, kept for minutes. ``fresh``: a key was not in it, so it may have rotated."""
        kept = self._keys.get(profile.name)
        if kept and not fresh and self._monotonic() < kept[0]:
            return kept[1]
        keys = self._ask("GET", profile.jwks_uri)
        self._keys[profile.name] = (self._monotonic() + KEYS_SECONDS, keys)
        return keys

    def _ask(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            with self._aside():
                answer = self._client().request(method, url, **options)
        except httpx.HTTPError as error:
            # Its text has the address, and the address may have the token: the class is enough.
            raise UpstreamFailed("unavailable", detail=type(error).__name__) from None
        if answer.is_server_error:
            raise UpstreamFailed("unavailable", detail=f"status {answer.status_code}")
        if answer.status_code != httpx.codes.OK or len(answer.content) > MAX_BYTES:
            raise UpstreamFailed("invalid", detail=f"status {answer.status_code}")
        try:
            body = orjson.loads(answer.content)
        except ValueError as error:
            raise UpstreamFailed("invalid", detail="no JSON") from error
        if not isinstance(body, Mapping):
            raise UpstreamFailed("invalid", detail="no JSON object")
        return dict(body)

    def _client(self) -> httpx.Client:
        if self._http is None:
            self._http = httpx.Client(
                timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=False,
                trust_env=False,
            )
        return self._http
