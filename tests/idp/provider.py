"""An identity provider under test, and a client system that talks to it."""

import base64
import io
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from flask import Flask
from joserfc import jws
from joserfc.jwk import ECKey, Key
from joserfc.jws import JWSRegistry
from werkzeug.test import TestResponse

from idp.app import create_app
from idp.protocol.client_metadata import ClientMetadata
from idp.register_clients import new_registration, read_jwks
from idp.settings import Settings
from idp.store.clients import save_registration
from idp.store.database import Database
from idp.store.migrate import migrate

ISSUER = "https://sso.example.gov.vn"
SIGNING = "https://sign.example.gov.vn"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class AnyHeader(JWSRegistry):
    """Signs whatever header an attacker wants, and knows no warnings."""

    max_header_length = 100_000
    max_payload_length = 2_000_000

    def __init__(self, algorithm: str) -> None:
        super().__init__(algorithms=[algorithm], strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        return self.algorithms[name]

    def check_header(self, header: dict[str, Any]) -> None:
        pass


class System:
    """A client with its key. ``now`` is its own clock."""

    def __init__(self, client_id: str, key: Key, algorithm: str, kid: str, clock: "Clock") -> None:
        self.client_id, self.key, self.algorithm, self.kid, self.clock = client_id, key, algorithm, kid, clock

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Sound claims with changes; None takes a claim away."""
        now = int(self.clock().timestamp())
        sound = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": ISSUER,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
        }
        return {name: value for name, value in (sound | changes).items() if value is not None}

    def assertion(
        self, *, header: dict[str, Any] | None = None, key: Key | None = None, **changes: Any
    ) -> str:
        return self.sign(orjson.dumps(self.claims(**changes)), header=header, key=key)

    def sign(self, payload: bytes, *, header: dict[str, Any] | None = None, key: Key | None = None) -> str:
        sound = {"alg": self.algorithm, "kid": self.kid, "typ": "client-authentication+jwt"}
        protected = {name: value for name, value in (sound | (header or {})).items() if value is not None}
        return jws.serialize_compact(
            protected, payload, key or self.key, registry=AnyHeader(protected["alg"])
        )

    def form(self, assertion: str | None = None, **fields: str) -> dict[str, str]:
        return {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
            **fields,
        }


class Clock:
    """Time as the test wants it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **delta: float) -> None:
        self.now += timedelta(**delta)


# Those of the present test: closed after it (conftest), or a run of all tests would run out of descriptors.
OPEN: list["Provider"] = []


class Provider:
    """The app, its database, its log, its clock."""

    def __init__(self, folder: Path, *, redis_url: str, key_process: str, **settings: Any) -> None:
        self.settings = Settings(
            issuer=settings.pop("issuer", ISSUER),
            database_url=settings.pop("database_url", f"sqlite:///{folder}/idp.sqlite3"),
            redis_url=redis_url,
            key_process=key_process,
            **{"client_cache_seconds": 0, "key_process_deadline_seconds": 2, **settings},
        )
        self.clock = Clock()
        self.log = io.BytesIO()
        self.database = Database(self.settings.database_url)
        migrate(self.database, self.settings.database_url)
        self.app: Flask = create_app(self.settings, clock=self.clock, log=self.log)
        self.client = self.app.test_client()
        OPEN.append(self)

    def close(self) -> None:
        """Give back what its pools hold open; whoever asks again opens anew."""
        services = self.app.extensions["idp"]
        self.database.close()
        services.database.close()
        services.redis.close()

    def register(
        self,
        client_id: str = "",
        *,
        key: Key | None = None,
        algorithm: str = "ES256",
        kid: str = "key-1",
        token_algorithm: str = "ES256",  # noqa: S107 -- no password
        scopes: tuple[str, ...] = ("sign", "read"),
        resources: tuple[str, ...] = (SIGNING,),
        credential_ids: tuple[str, ...] = ("cred-1",),
        introspects: tuple[str, ...] = (),
        metadata: ClientMetadata | None = None,
    ) -> System:
        client_id = client_id or f"system-{secrets.token_hex(4)}"
        key = key or ECKey.generate_key("P-256")
        jwk = dict(key.as_dict(private=False)) | {"kid": kid}
        registration = new_registration(
            client_id,
            name="Hệ thống MẪU",
            contact="mau@example.gov.vn",
            token_algorithm=token_algorithm,
            scopes=scopes,
            resources=resources,
            credential_ids=credential_ids,
            introspects=introspects,
            jwks=read_jwks(orjson.dumps(jwk).decode()),
            metadata=metadata,
        )
        with self.database.writing() as connection:
            save_registration(connection, registration, int(self.clock().timestamp()))
        return System(client_id, key, algorithm, kid, self.clock)

    def token(self, system: System, assertion: str | None = None, **fields: str) -> TestResponse:
        form = {"grant_type": "client_credentials", **system.form(assertion), **fields}
        return self.client.post("/token", data=form)

    def issue(self, system: System, **fields: str) -> str:
        answer = self.token(system, **fields)
        assert answer.status_code == 200, answer.text
        return str(answer.json["access_token"])

    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.log.getvalue().splitlines()]


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified."""
    header, payload, _ = token.split(".")
    return _json(header), _json(payload)


def details(
    credential_id: str = "cred-1", *digests: bytes, label: str = "Quyết định MẪU"
) -> list[dict[str, Any]]:
    entries = [
        {"hash": base64.b64encode(digest).decode(), "label": label} for digest in digests or (bytes(32),)
    ]
    return [
        {
            "type": "antin_sign",
            "credentialID": credential_id,
            "documentDigests": entries,
            "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
        }
    ]


def _json(segment: str) -> dict[str, Any]:
    parsed: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return parsed
