"""A provider as it is delivered, over plain HTTP on loopback, with a client and any number of people."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from urllib.parse import urlencode

import httpx
from joserfc.jwk import ECKey

from idp.app import create_app
from idp.directory.person import CITIZEN, Person
from idp.login.hashing import Hashing
from idp.login.password_rules import normal_password
from idp.protocol.client_metadata import ClientMetadata
from idp.register_clients import new_registration, read_jwks
from idp.services import Services
from idp.settings import Settings
from idp.store.clients import save_registration
from tests.bench.flows import Flow
from tests.bench.province import Province
from tests.conformance.oidc.relying_party import ASSERTION_TYPE, Provider, RelyingParty
from tests.servers.key_process import ROOT
from tests.servers.redis import RunningRedis
from tests.servers.stack import free_port

PASSWORD = "mưa rơi trên mái ngói cũ"
REDIRECT_URI = "https://rp.example.gov.vn/cb"
RESOURCE = "https://sign.example.gov.vn"
_READY_WITHIN = 60.0


class StormProvider:
    """Key process, Redis, SQLite and ``python -m idp serve`` with its default workers and threads."""

    def __init__(self, province: Province) -> None:
        port = free_port()
        self.address = ("127.0.0.1", port)
        issuer = f"http://127.0.0.1:{port}"
        folder = province.folder / "storm"
        folder.mkdir()
        self._redis = RunningRedis()
        self._redis.start()
        self._key_process = province.own_key_process("storm-hsm", issuer=issuer)
        self._key_process.start()
        made = self._key_process.perform(
            "create_credential",
            {"profile": "oidc-token", "holder": "idp", "description": "Khóa ký token MẪU", "training": True},
        )
        self._key_process.perform("activate_credential", {"credential_id": made["credential_id"]})
        environment = {
            "IDP_ISSUER": issuer, "IDP_PORT": str(port), "IDP_REDIS_URL": self._redis.url,
            "IDP_DATABASE_URL": f"sqlite:///{folder}/idp.sqlite3", "IDP_KEY_PROCESS": self._key_process.idp,
            "IDP_COOKIE_KEYS_FILE": f"{folder}/cookie-keys", "IDP_TOKEN_RATE": "1000000/minute",
            "IDP_DIRECTORY_KEYS_FILE": f"{folder}/directory-keys",
            # Whoever logs in says where from, as a gateway would.
            "IDP_GATEWAY_ADDRESSES": '["127.0.0.1/32"]',
        }  # fmt: skip
        whole = {**os.environ, **environment}
        subprocess.run(
            [sys.executable, "-m", "idp", "migrate"],
            cwd=ROOT,
            env=whole,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self._log = folder / "idp.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "idp", "serve"],
                cwd=ROOT, env=whole, stdout=log, stderr=log,
            )  # fmt: skip
        self.pid = self._process.pid
        values = {name.removeprefix("IDP_").lower(): value for name, value in environment.items()}
        values.pop("gateway_addresses")
        self._services: Services = create_app(Settings(**values)).extensions["idp"]  # type: ignore[arg-type]
        hashing = Hashing(threads=1, waiting=0)
        self._hash = hashing.hash(normal_password(PASSWORD))
        hashing.close()
        self._http = httpx.Client(timeout=20, trust_env=False)
        self._wait(issuer)
        provider = Provider(issuer, self._http)
        provider.discover()
        self._party = RelyingParty(provider, "bao-to", REDIRECT_URI, key=ECKey.generate_key("P-256"))
        self.client_id = self._party.client_id
        self._register()

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(40)
        self._http.close()
        self._redis.remove()

    def logged(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]

    def person(self) -> str:
        """Somebody with a password: the username."""
        username = f"mau.{uuid.uuid4().hex[:12]}"
        person = Person(
            str(uuid.uuid4()),
            CITIZEN,
            "active",
            username,
            {"name": "Nguyễn Thị Lan MẪU"},
            identity_level="02",
        )
        now = int(time.time())
        self._services.people.save(person, now)
        self._services.factors.replace_password(person.person_id, self._hash, now, initial=False)
        return username

    def ask_for_token(self) -> Flow:
        """client_credentials with private_key_jwt."""
        fields = {"grant_type": "client_credentials", "scope": "sign", "resource": RESOURCE}
        fields |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self._party.assertion()}
        body = urlencode(fields).encode()
        head = b"POST /token HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % self.address[1]
        kind = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body)
        answer = yield head + kind + body
        assert answer.startswith(b"HTTP/1.1 200"), f"{answer[-300:]!r}\n{self.logged()}"

    def _register(self) -> None:
        metadata = ClientMetadata(
            profile="baseline", profile_until=4_000_000_000, redirect_uris=(REDIRECT_URI,),
            grant_types=("authorization_code", "client_credentials"), first_party=True,
        )  # fmt: skip
        registration = new_registration(
            self.client_id, name="Bão MẪU", contact="mau@example.gov.vn", token_algorithm="ES256",
            scopes=("openid", "sign"), resources=(RESOURCE,), credential_ids=(), introspects=(),
            jwks=read_jwks(json.dumps(self._party.jwks())), metadata=metadata,
        )  # fmt: skip
        with self._services.database.writing() as connection:
            save_registration(connection, registration, int(time.time()))

    def _wait(self, issuer: str) -> None:
        until = time.monotonic() + _READY_WITHIN
        while True:
            try:
                if self._http.get(f"{issuer}/readyz").status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"the provider did not start:\n{self.logged()}")
            time.sleep(0.1)
