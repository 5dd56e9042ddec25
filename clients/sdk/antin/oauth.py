"""Tokens by client_credentials and private_key_jwt.

The client assertion follows RFC 10070: ``aud`` is the issuer's identifier, alone and as a string,
``typ`` is ``client-authentication+jwt``. The token endpoint is found by discovery (RFC 8414).
"""

import base64
import json
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import rfc8785

from antin.errors import ConfigError, LoginRefused
from antin.keys import ClientKey
from antin.problems import login_error_of
from antin.retry import Retry

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
# A token that dies on the way is asked for again before that.
EARLY_SECONDS = 30
SHA256_OID = "2.16.840.1.101.3.4.2.1"


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; ``expires_at`` is aware UTC. Never shows itself in ``repr``."""

    value: str = field(repr=False)
    expires_at: datetime
    scope: str


def signing_details(credential_id: str, sha256: bytes, label: str) -> list[dict[str, Any]]:
    """``authorization_details`` (RFC 9396) that bind a token to one file and one credential."""
    return [
        {
            "type": "antin_sign",
            "credentialID": credential_id,
            "documentDigests": [{"hash": base64.b64encode(sha256).decode(), "label": label}],
            "hashAlgorithmOID": SHA256_OID,
        }
    ]


class TokenSource:
    """Gets tokens and keeps each until shortly before it expires. Thread-safe."""

    def __init__(
        self,
        http: httpx.Client,
        retry: Retry,
        *,
        issuer: str,
        client_id: str,
        key: ClientKey,
        clock: Callable[[], datetime],
    ) -> None:
        self._http = http
        self._retry = retry
        self._issuer = issuer
        self._client_id = client_id
        self._key = key
        self._clock = clock
        self._endpoint = ""
        self._kept: dict[tuple[str, str, bytes], Token] = {}
        self._lock = threading.Lock()

    def token(
        self,
        scope: str,
        resource: str,
        authorization_details: Sequence[dict[str, Any]] = (),
        *,
        fresh: bool = False,
    ) -> Token:
        """A token for this scope, resource (RFC 8707) and details. ``fresh``: never a kept one.

        Raises LoginRefused, ServiceUnavailable, NetworkError.
        """
        wanted = (scope, resource, rfc8785.dumps(list(authorization_details)))
        with self._lock:
            kept = self._kept.get(wanted)
            if kept and not fresh and (kept.expires_at - self._clock()).total_seconds() > EARLY_SECONDS:
                return kept
            token = self._ask(scope, resource, authorization_details)
            self._kept[wanted] = token
            return token

    def _ask(self, scope: str, resource: str, details: Sequence[dict[str, Any]]) -> Token:
        form = {"grant_type": "client_credentials", "scope": scope, "resource": resource}
        if details:
            form["authorization_details"] = json.dumps(list(details), ensure_ascii=False)
        endpoint = self._token_endpoint()
        # Each try carries an assertion of its own: the server spends its jti.
        response = self._retry.run(lambda: self._http.post(endpoint, data=form | self._authentication()))
        if response.status_code != httpx.codes.OK:
            raise login_error_of(response)
        try:
            answer = response.json()
            value, lifetime = answer["access_token"], float(answer.get("expires_in", 60))
            kind = str(answer["token_type"]).lower()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _malformed(response.status_code) from error
        if not isinstance(value, str) or kind != "bearer":
            raise _malformed(response.status_code)
        return Token(value, _after(self._clock(), lifetime), str(answer.get("scope", scope)))

    def _authentication(self) -> dict[str, str]:
        issued_at = int(self._clock().timestamp())
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": self._issuer,
            "jti": secrets.token_urlsafe(24),
            "iat": issued_at,
            "exp": issued_at + ASSERTION_SECONDS,
        }
        assertion = self._key.sign(json.dumps(claims).encode(), "client-authentication+jwt")
        return {
            "client_id": self._client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }

    def _token_endpoint(self) -> str:
        if self._endpoint:
            return self._endpoint
        # RFC 8414 §3.1 puts the well-known part between the host and the issuer's path.
        issuer = httpx.URL(self._issuer)
        path = "/.well-known/oauth-authorization-server" + issuer.path.rstrip("/")
        response = self._retry.run(lambda: self._http.get(issuer.copy_with(path=path)))
        if response.status_code != httpx.codes.OK:
            raise login_error_of(response)
        try:
            metadata = response.json()
            said, endpoint = metadata["issuer"], metadata["token_endpoint"]
        except (ValueError, KeyError, TypeError) as error:
            raise _malformed(response.status_code) from error
        # RFC 8414 §3.3: another issuer's metadata must not be used (mix-up).
        if said != self._issuer or not isinstance(endpoint, str):
            raise ConfigError(
                f"Máy chủ tại {self._issuer} tự nhận là {said!r}. Sửa issuer trong cấu hình cho đúng.",
                f"The server at {self._issuer} calls itself {said!r}. Correct issuer in the configuration.",
            )
        if httpx.URL(endpoint).scheme != issuer.scheme:
            raise ConfigError(
                "token_endpoint không cùng giao thức với issuer.",
                "The token_endpoint and the issuer differ in scheme.",
            )
        self._endpoint = endpoint
        return endpoint


def _after(now: datetime, seconds: float) -> datetime:
    return datetime.fromtimestamp(now.timestamp() + min(max(seconds, 0.0), 86400.0), tz=now.tzinfo)


def _malformed(status: int) -> LoginRefused:
    return LoginRefused(
        "Máy chủ định danh trả lời không đúng chuẩn OAuth. Kiểm tra issuer.",
        "The identity provider's answer is not OAuth. Check issuer.",
        status=status,
    )
