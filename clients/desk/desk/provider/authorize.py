"""Ask the identity provider: push a request, redeem its code, refresh (FAPI 2.0: PAR, PKCE, DPoP).

::

    1 push what is wanted, authenticated by our key (RFC 9126); the browser carries a reference only
    2 the browser comes back: ``iss`` (RFC 9207) and ``state`` must be those of the request
    3 redeem the code with the verifier (RFC 7636) and the session's DPoP key
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from desk.errors import LoginFailed, LoginNeeded, ProviderUnavailable
from desk.provider.client_key import ClientKey
from desk.provider.dpop import proof
from desk.provider.metadata import Metadata

EARLY_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Request:
    """What the session remembers of a request under way; ``state`` names it."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """Never shown in ``repr``. ``expires_at``: Unix seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    id_token: str = field(repr=False)
    expires_at: int


class Authorize:
    """One an app; thread-safe."""

    def __init__(
        self,
        http: Callable[[], httpx.Client],
        metadata: Metadata,
        key: ClientKey,
        *,
        issuer: str,
        client_id: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._http = http
        self._metadata = metadata
        self._key = key
        self._issuer = issuer
        self._client_id = client_id
        self._clock = clock

    def push(
        self, dpop_key: dict[str, Any], redirect_uri: str, wanted: Mapping[str, str]
    ) -> tuple[Request, str]:
        """Step 1: what to remember, and where the browser goes. Raises LoginFailed, ProviderUnavailable."""
        asked = Request(
            state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(32), redirect_uri=redirect_uri,
        )  # fmt: skip
        challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest())
        form = {
            **wanted,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        told = self._post("pushed_authorization_request_endpoint", form, dpop_key)
        query = urlencode({"client_id": self._client_id, "request_uri": str(told.get("request_uri", ""))})
        return asked, f"{self._metadata.endpoint('authorization_endpoint')}?{query}"

    def redeem(self, asked: Request, answer: Mapping[str, str], dpop_key: dict[str, Any]) -> Tokens:
        """Steps 2 and 3. Raises LoginFailed, ProviderUnavailable."""
        # 2
        if answer.get("iss") != self._issuer:
            raise LoginFailed("iss of the answer")
        if "error" in answer or not answer.get("code"):
            raise LoginFailed(f"answer: {answer.get('error', 'no code')[:60]}")
        # 3
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": asked.redirect_uri,
            "code_verifier": asked.verifier,
        }
        return self._tokens(self._post("token_endpoint", form, dpop_key))

    def refresh(self, held: Tokens, dpop_key: dict[str, Any]) -> Tokens:
        """The same tokens while they are good. Raises LoginNeeded when the login is over."""
        if held.expires_at - EARLY_SECONDS > self._clock():
            return held
        if not held.refresh_token:
            raise LoginNeeded
        form = {"grant_type": "refresh_token", "refresh_token": held.refresh_token}
        try:
            fresh = self._tokens(self._post("token_endpoint", form, dpop_key))
        except LoginFailed as error:
            raise LoginNeeded from error
        return Tokens(
            fresh.access_token,
            fresh.refresh_token or held.refresh_token,
            fresh.id_token or held.id_token,
            fresh.expires_at,
        )

    def _tokens(self, told: Mapping[str, Any]) -> Tokens:
        if str(told.get("token_type", "")).lower() != "dpop" or not told.get("access_token"):
            raise LoginFailed("the token is not bound to our key")
        return Tokens(
            str(told["access_token"]),
            str(told.get("refresh_token") or ""),
            str(told.get("id_token") or ""),
            int(self._clock()) + int(told.get("expires_in") or 60),
        )

    def _post(self, endpoint: str, form: Mapping[str, str], dpop_key: dict[str, Any]) -> dict[str, Any]:
        url = self._metadata.endpoint(endpoint)
        nonce = ""
        for _ in range(2):
            now = int(self._clock())
            fields = {**form, **self._key.authentication(self._client_id, self._issuer, now)}
            headers = {"DPoP": proof(dpop_key, "POST", url, now, nonce=nonce)}
            try:
                answer = self._http().post(url, data=fields, headers=headers)
                told = answer.json()
            except (httpx.HTTPError, ValueError) as error:
                raise ProviderUnavailable(f"{endpoint}: {type(error).__name__}") from error
            if answer.status_code >= 500 or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                raise ProviderUnavailable(f"{endpoint}: {answer.status_code}")
            if answer.is_success and isinstance(told, dict):
                return told
            error_word = str(told.get("error", "")) if isinstance(told, dict) else ""
            # RFC 9449 §8: once more, with the nonce that it wants.
            nonce = answer.headers.get("DPoP-Nonce", "")
            if error_word != "use_dpop_nonce" or not nonce:
                break
        raise LoginFailed(f"{endpoint}: {error_word[:60]}")
