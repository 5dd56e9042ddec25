"""A client at the token endpoint, with a person who has just logged in to it."""

import base64
import hashlib
import secrets
from dataclasses import replace
from typing import Any

import orjson
from joserfc import jws
from joserfc.jwk import ECKey, Key
from werkzeug.test import TestResponse

from idp.directory.person import Person
from idp.protocol.authorization import Authorization
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.dpop import token_hash
from idp.protocol.session import Session
from tests.idp.provider import AnyHeader, Provider, System
from tests.idp.relying_party import BASELINE, FAPI2, REDIRECT_URI, SCOPES, new_person, s256, services_of

DPOP = replace(FAPI2, dpop_bound_access_tokens=True)


def new_session(provider: Provider, person: Person, **changes: Any) -> Session:
    said: dict[str, Any] = {"acr": "LoA2", "amr": ("pwd", "otp"), "identity_level": "02"}
    session, _ = services_of(provider).sessions.start(
        person,
        **{**said, "upstream": "", "device": "", "address": "192.0.2.7", "kiosk": False, **changes},
        now=int(provider.clock().timestamp()),
    )
    return session


class TokenClient:
    """``dpop``: its proof key; None for a client that makes no proofs."""

    def __init__(
        self,
        provider: Provider,
        metadata: ClientMetadata = BASELINE,
        *,
        dpop: bool = False,
        **registration: Any,
    ) -> None:
        self.provider = provider
        self.system: System = provider.register(**{"scopes": SCOPES, "metadata": metadata, **registration})
        self.client_id = self.system.client_id
        self.dpop: Key | None = ECKey.generate_key("P-256") if dpop else None
        self.person = new_person(provider)
        self.session = new_session(provider, self.person)
        self.verifier = secrets.token_urlsafe(32)

    def code(self, **changes: Any) -> str:
        """A code as the authorization endpoint issues it when the person said yes."""
        now = int(self.provider.clock().timestamp())
        said = Authorization(
            client_id=self.client_id,
            authentication=self.session.authentication(),
            scope="openid",
            granted_at=now,
            redirect_uri=REDIRECT_URI,
            nonce="nonce-1",
            code_challenge=s256(self.verifier),
        )
        return services_of(self.provider).codes.issue(replace(said, **changes), now)

    def ask(self, proof: str | None = None, **fields: Any) -> TestResponse:
        """At the token endpoint; None takes a field away."""
        sound = {**self.system.form(), **fields}
        form = {name: value for name, value in sound.items() if value is not None}
        return self.provider.client.post("/token", data=form, headers=self.headers(proof))

    def headers(self, proof: str | None = None) -> dict[str, str]:
        made = proof if proof is not None else self.proof() if self.dpop else ""
        return {"DPoP": made} if made else {}

    def redeem(self, code: str, /, proof: str | None = None, **changes: Any) -> TestResponse:
        sound = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": self.verifier,
        }
        return self.ask(proof, **{**sound, **changes})

    def refresh(self, token: str, /, proof: str | None = None, **changes: Any) -> TestResponse:
        return self.ask(proof, **{"grant_type": "refresh_token", "refresh_token": token, **changes})

    def tokens(self, **authorization: Any) -> dict[str, Any]:
        """A whole answer to a code."""
        answer = self.redeem(self.code(**authorization))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json
        return body

    def userinfo(self, token: str, **kwargs: Any) -> TestResponse:
        headers = {"Authorization": f"{'DPoP' if self.dpop else 'Bearer'} {token}"}
        if self.dpop:
            headers["DPoP"] = self.proof(path="/userinfo", htm="GET", access_token=token)
        return self.provider.client.get("/userinfo", headers=headers, **kwargs)

    def proof(
        self,
        *,
        path: str = "/token",
        access_token: str = "",
        key: Key | None = None,
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A sound proof with changes; None takes a member away."""
        signing = key or self.dpop
        assert signing is not None
        claims = {
            "jti": secrets.token_urlsafe(16),
            "htm": "POST",
            "htu": f"{self.provider.settings.issuer}{path}",
            "iat": int(self.provider.clock().timestamp()),
        }
        if access_token:
            claims["ath"] = token_hash(access_token)
        said = {name: value for name, value in (claims | changes).items() if value is not None}
        sound = {"alg": "ES256", "typ": "dpop+jwt", "jwk": dict(signing.as_dict(private=False))}
        protected = {name: value for name, value in (sound | (header or {})).items() if value is not None}
        return jws.serialize_compact(
            protected, orjson.dumps(said), signing, registry=AnyHeader(str(protected.get("alg", "ES256")))
        )

    def jkt(self) -> str:
        assert self.dpop is not None
        return str(self.dpop.thumbprint())


def half_hash(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()
