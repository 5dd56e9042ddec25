"""A relying party of the suite: it asks as it was registered, and lets a test ask in any wrong way too."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Key = ECKey | RSAKey


def s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def sign_jwt(claims: Mapping[str, Any], key: Key, header: Mapping[str, Any]) -> str:
    return jwt.encode(dict(header), dict(claims), key, algorithms=[header["alg"]])


def key_algorithm(key: Key) -> str:
    return "ES256" if isinstance(key, ECKey) else "PS256"


@dataclass
class Provider:
    """The provider as discovery describes it."""

    issuer: str
    http: httpx.Client
    metadata: dict[str, Any] = field(default_factory=dict)

    def discover(self) -> dict[str, Any]:
        answer = self.http.get(f"{self.issuer}/.well-known/openid-configuration")
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == "application/json"
        self.metadata = answer.json()
        assert self.metadata["issuer"] == self.issuer
        return self.metadata

    def keys(self) -> KeySet:
        """The published keys, each with a ``kid`` of its own."""
        answer = self.http.get(self.metadata["jwks_uri"])
        jwks = answer.json()
        kids = [jwk["kid"] for jwk in jwks["keys"]]
        assert len(set(kids)) == len(kids)
        return KeySet.import_key_set(jwks)


@dataclass
class RelyingParty:
    """``auth``: its token_endpoint_auth_method. ``dpop``: a key when its tokens are bound to one."""

    provider: Provider
    client_id: str
    redirect_uri: str
    auth: str = "private_key_jwt"
    key: Key = field(default_factory=lambda: ECKey.generate_key("P-256"))
    kid: str = "key-1"
    secret: str = ""
    dpop: ECKey | None = None
    pushes: bool = False
    pkce: bool = True
    registration: dict[str, Any] = field(default_factory=dict)

    # ---- asking for authorization

    def params(self, **changes: Any) -> dict[str, str]:
        """Sound parameters with ``changes``; None takes one away. ``verifier`` is kept for the exchange."""
        self.verifier = secrets.token_urlsafe(48)
        sound: dict[str, Any] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
        }
        if self.pkce:
            sound |= {"code_challenge": s256(self.verifier), "code_challenge_method": "S256"}
        self.sent = {name: str(value) for name, value in (sound | changes).items() if value is not None}
        return self.sent

    def authorization_url(self, **changes: Any) -> str:
        """What the browser is sent to; pushed first when this client pushes."""
        params = self.params(**changes)
        if self.pushes:
            answer = self.push(params)
            assert answer.status_code == 201, answer.text
            params = {"client_id": self.client_id, "request_uri": answer.json()["request_uri"]}
        return f"{self.provider.metadata['authorization_endpoint']}?{urlencode(params)}"

    def push(self, params: Mapping[str, str], *, dpop: str | None = None, **changes: Any) -> httpx.Response:
        endpoint = self.provider.metadata["pushed_authorization_request_endpoint"]
        headers = {"DPoP": dpop} if dpop else {}
        return self.provider.http.post(
            endpoint, data={**params, **self.credentials(**changes)}, headers=headers
        )

    def request_object(
        self, *, header: Mapping[str, Any] | None = None, key: Key | None = None, **changes: Any
    ) -> str:
        """A signed request object (RFC 9101) over sound parameters with ``changes``."""
        now = int(time.time())
        claims = {
            **self.params(), "iss": self.client_id, "aud": self.provider.issuer,
            "iat": now, "nbf": now, "exp": now + 300, "jti": secrets.token_urlsafe(16),
        }  # fmt: skip
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        self.sent |= {name: value for name, value in claims.items() if name in self.sent}
        sound = {"alg": key_algorithm(self.key), "kid": self.kid, "typ": "oauth-authz-req+jwt"}
        return sign_jwt(claims, key or self.key, sound | (header or {}))

    # ---- the token endpoint and beyond

    def assertion(
        self, *, header: Mapping[str, Any] | None = None, key: Key | None = None, **changes: Any
    ) -> str:
        now = int(time.time())
        sound = {
            "iss": self.client_id, "sub": self.client_id, "aud": self.provider.issuer,
            "jti": secrets.token_urlsafe(16), "iat": now, "exp": now + 60,
        }  # fmt: skip
        claims = {name: value for name, value in (sound | changes).items() if value is not None}
        protected = {"alg": key_algorithm(self.key), "kid": self.kid, "typ": "client-authentication+jwt"}
        return sign_jwt(claims, key or self.key, protected | (header or {}))

    def credentials(self, **changes: Any) -> dict[str, str]:
        """Form fields by which the client proves who it is; ``changes`` go into the assertion."""
        if self.auth == "private_key_jwt":
            return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion(**changes)}
        if self.auth == "client_secret_post":
            return {"client_id": self.client_id, "client_secret": self.secret}
        return {"client_id": self.client_id} if self.auth == "none" else {}

    def proof(
        self,
        method: str,
        url: str,
        *,
        access_token: str = "",
        key: ECKey | None = None,
        header: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A DPoP proof (RFC 9449 §4.2) with ``changes``; None takes a claim or header member away."""
        key = key or self.dpop
        assert key is not None
        claims: dict[str, Any] = {
            "jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(time.time()),
        }  # fmt: skip
        if access_token:
            claims["ath"] = s256(access_token)
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        protected = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)} | dict(
            header or {}
        )
        protected = {name: value for name, value in protected.items() if value is not None}
        return jwt.encode(protected, claims, key, algorithms=["ES256"])

    def token(
        self, fields: Mapping[str, str], *, dpop: str | None = "sound", **changes: Any
    ) -> httpx.Response:
        """POST /token; ``dpop``: a proof, "sound" for one of ours when tokens are bound, or None."""
        endpoint = self.provider.metadata["token_endpoint"]
        if dpop == "sound":
            dpop = self.proof("POST", endpoint) if self.dpop else None
        basic = (self.client_id, self.secret) if self.auth == "client_secret_basic" else None
        return self.provider.http.post(
            endpoint,
            data={**self.credentials(**changes), **fields},
            headers={"DPoP": dpop} if dpop else {},
            auth=basic,
        )

    def exchange(self, code: str, **changes: Any) -> httpx.Response:
        """Redeem a code; ``changes`` to the form, None takes a field away."""
        dpop = changes.pop("dpop", "sound")
        assertion = changes.pop("assertion", {})
        fields: dict[str, Any] = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier if self.pkce else None,
        }  # fmt: skip
        fields = {name: value for name, value in (fields | changes).items() if value is not None}
        return self.token(fields, dpop=dpop, **assertion)

    def refresh(self, refresh_token: str, **changes: Any) -> httpx.Response:
        return self.token({"grant_type": "refresh_token", "refresh_token": refresh_token, **changes})

    def userinfo(self, access_token: str, *, method: str = "GET", **sent: Any) -> httpx.Response:
        endpoint = self.provider.metadata["userinfo_endpoint"]
        headers = {"Authorization": f"{'DPoP' if self.dpop else 'Bearer'} {access_token}"}
        if self.dpop:
            headers["DPoP"] = self.proof(method, endpoint, access_token=access_token)
        return self.provider.http.request(method, endpoint, headers=headers | sent.pop("headers", {}), **sent)

    def jwks(self) -> dict[str, Any]:
        public = {
            **self.key.as_dict(private=False),
            "kid": self.kid,
            "use": "sig",
            "alg": key_algorithm(self.key),
        }
        return {"keys": [json.loads(json.dumps(public))]}
