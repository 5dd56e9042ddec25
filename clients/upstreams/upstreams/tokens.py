"""Codes, access tokens and ID tokens of the simulators; all of it in memory."""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from upstreams.people import SimulatedPerson

CODE_SECONDS = 120
TOKEN_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    person: SimulatedPerson
    redirect_uri: str
    nonce: str
    challenge: str
    until: float


class Store:
    """Codes are good once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, tuple[SimulatedPerson, float]] = {}

    def issue(self, grant: Grant) -> str:
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = grant
        return code

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> Grant | None:
        with self._lock:
            grant = self._codes.pop(code, None)
        if grant is None or time.time() > grant.until or grant.redirect_uri != redirect_uri:
            return None
        digest = hashlib.sha256(verifier.encode()).digest()
        proved = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == grant.challenge
        return grant if proved or not grant.challenge else None

    def new_token(self, person: SimulatedPerson) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[token] = (person, time.time() + TOKEN_SECONDS)
        return token

    def person_of(self, token: str) -> SimulatedPerson | None:
        with self._lock:
            found = self._tokens.get(token)
        return found[0] if found and time.time() < found[1] else None


class Signer:
    """One RSA key that is published, and one that is not."""

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(2048, {"kid": "mau-1", "use": "sig", "alg": "RS256"})
        self._foreign = RSAKey.generate_key(2048, {"kid": "mau-1"})

    def jwks(self) -> dict[str, Any]:
        return {"keys": [self._key.as_dict(private=False)]}

    def id_token(
        self, issuer: str, client_id: str, subject: str, grant: Grant, token: str, fault: str
    ) -> str:
        now = int(time.time())
        half = hashlib.sha256(token.encode()).digest()[:16]
        claims: dict[str, Any] = {
            "iss": "https://other.example.vn" if fault == "wrong_issuer" else issuer,
            "aud": "another-client" if fault == "wrong_audience" else client_id,
            "sub": subject,
            "iat": now - 7200 if fault == "expired" else now,
            "exp": now - 3600 if fault == "expired" else now + TOKEN_SECONDS,
            "acr": "LoA1",
            "auth_time": now - 7200 if fault == "old_login" else now,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }
        if fault == "no_auth_time":
            del claims["auth_time"]
        if grant.nonce and fault != "no_nonce":
            claims["nonce"] = "other" if fault == "wrong_nonce" else grant.nonce
        if fault == "alg_none":
            return f"{_segment({'alg': 'none'})}.{_segment(claims)}."
        key = self._foreign if fault == "foreign_key" else self._key
        return jwt.encode({"alg": "RS256", "kid": "mau-1", "typ": "JWT"}, claims, key)


def _segment(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
