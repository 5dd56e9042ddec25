"""Token keys are replaced while tokens are issued and verified, and nobody notices."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc import jws
from joserfc.jwk import KeySet

from idp.store import admission
from tests.idp.provider import SIGNING, Provider, parts
from tests.idp.test_with_key_process import make_token_key
from tests.servers.key_process import ROOT, RunningKeyProcess

CACHE_SECONDS = 1.0


class RelyingParty:
    """Gets tokens and checks them by a copy of the keys that it took before; a thread of its own."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.issuer = provider.settings.issuer
        self.system = provider.register(introspects=(SIGNING,))
        self.failures: list[str] = []
        self.kids: list[str] = []
        self.tokens: list[str] = []
        self._copy = KeySet.import_key_set(provider.app.test_client().get("/jwks").json)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def refresh_copy(self) -> None:
        self._copy = KeySet.import_key_set(self.provider.app.test_client().get("/jwks").json)

    def __enter__(self) -> "RelyingParty":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def wait_for(self, kid: str) -> None:
        """Until its tokens are signed with this key. What failed meanwhile is told at once."""
        wait_until(lambda: bool(self.failures) or self.kids[-1:] == [kid])
        assert self.failures == []

    def _go_on(self) -> None:
        http = self.provider.app.test_client()
        while not self._stop.is_set():
            try:
                self._get_and_check(http)
            except Exception as error:  # noqa: BLE001 -- a thread that died would be waited for in vain
                self.failures.append(repr(error))
            self._stop.wait(0.03)

    def _get_and_check(self, http: FlaskClient) -> None:
        self.provider.clock.now = datetime.now(UTC)
        form = self.system.form(self.system.assertion(aud=self.issuer), grant_type="client_credentials")
        answer = http.post("/token", data=form | {"scope": "read", "resource": SIGNING})
        assert answer.status_code == 200, answer.text
        token = answer.json["access_token"]
        self.tokens.append(token)
        self.kids.append(parts(token)[0]["kid"])
        jws.deserialize_compact(token, self._copy, algorithms=["ES256"])
        asked = self.system.form(self.system.assertion(aud=self.issuer), token=token)
        told = http.post("/introspect", data=asked)
        assert told.status_code == 200, told.text
        assert told.json["active"] is True


@pytest.fixture
def provider(
    tmp_path: Path, redis_url: str, own_key_process: RunningKeyProcess, monkeypatch: pytest.MonkeyPatch
) -> Provider:
    # A machine that is busy with other tests is no fault of the rotation: neither Redis nor the key
    # process has to answer as fast as in service.
    monkeypatch.setattr(admission, "TIMEOUT_SECONDS", 20.0)
    make_token_key(own_key_process, "oidc-token")
    provider = Provider(
        tmp_path,
        redis_url=redis_url,
        key_process=own_key_process.idp,
        issuer=own_key_process.issuer,
        token_key_cache_seconds=CACHE_SECONDS,
        key_process_deadline_seconds=20,
    )
    provider.clock.now = datetime.now(UTC)
    return provider


def published_kids(provider: Provider) -> set[str]:
    return {key["kid"] for key in provider.app.test_client().get("/jwks").json["keys"]}


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def rotate(key_process: RunningKeyProcess, *arguments: str) -> tuple[int, Any]:
    """The command, as an administrator runs it."""
    keys = [part for n in (1, 2) for part in ("--key", str(key_process.directory / f"admin-{n}.jwk"))]
    run = subprocess.run(
        [
            sys.executable, "-m", "hsm", "--json", "rotate-token-keys", "--training",
            "--socket", key_process.admin, *keys, *arguments,
        ],
        cwd=ROOT, env=key_process.environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return run.returncode, json.loads(run.stdout or run.stderr)


def test_a_rotation_is_noticed_by_nobody(provider: Provider, own_key_process: RunningKeyProcess) -> None:
    """Each step comes when the copies have caught up, as the command's waits make sure."""
    with RelyingParty(provider) as relying_party:
        wait_until(lambda: bool(relying_party.kids or relying_party.failures))
        made = own_key_process.perform(
            "create_credential",
            {"profile": "oidc-token", "holder": "idp", "description": "Khóa ký token MẪU", "training": True},
        )
        wait_until(lambda: made["kid"] in published_kids(provider))
        relying_party.refresh_copy()
        own_key_process.perform("activate_credential", {"credential_id": made["credential_id"]})
        relying_party.wait_for(made["kid"])
        status, plan = rotate(own_key_process, "--plan")
        assert (status, plan["action"]) == (0, "suspend_credential")
        own_key_process.perform("suspend_credential", {"credential_id": plan["credential_id"]})
        seen = len(relying_party.kids)
        time.sleep(CACHE_SECONDS + 0.3)
        wait_until(lambda: bool(relying_party.failures) or len(relying_party.kids) > seen + 10)
        signing_now = relying_party.kids[-1]
        old = relying_party.kids[0]
        # Retired from signing, and published: what it signed still verifies.
        assert published_kids(provider) == {old, made["kid"]}
    assert relying_party.failures == []
    assert signing_now == made["kid"] != old
    assert relying_party.kids == sorted(relying_party.kids, key=lambda kid: kid == made["kid"])
    assert len(relying_party.tokens) > 20


def test_the_command_does_nothing_before_the_time_nor_for_one_administrator(
    provider: Provider, own_key_process: RunningKeyProcess
) -> None:
    act = own_key_process.directory / "act.json"
    status, _ = rotate(own_key_process, "--days", "0", "-o", str(act))
    assert status == 0
    assert json.loads(act.read_bytes())["action"] == "create_credential"
    run = subprocess.run(
        [
            sys.executable, "-m", "hsm", "--json", "rotate-token-keys", "--days", "0",
            "--socket", own_key_process.admin, "--key", str(own_key_process.directory / "admin-1.jwk"),
        ],
        cwd=ROOT, env=own_key_process.environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 1
    assert len(provider.client.get("/jwks").json["keys"]) == 1
    status, refused = rotate(own_key_process, "--days", "60")
    assert (status, refused["error"]) == (1, "NotYet")
    assert "create_credential: not before" in refused["message"]
    # Announced at once when it has signed its days; then the wait.
    status, done = rotate(own_key_process, "--days", "0")
    assert status == 0
    assert [each["action"] for each in done] == ["create_credential"]
    status, refused = rotate(own_key_process, "--days", "0")
    assert (status, refused["error"]) == (1, "NotYet")
    assert "activate_credential: not before" in refused["message"]
    keys = provider.client.get("/jwks").json["keys"]
    assert len(keys) == 2


def test_the_emergency_drill_replaces_a_key_that_is_not_trusted(
    provider: Provider, own_key_process: RunningKeyProcess
) -> None:
    """What the old key signed is worth nothing from then on, and service goes on with the new one."""
    system = provider.register(introspects=(SIGNING,))
    issuer = own_key_process.issuer
    before = provider.token(system, system.assertion(aud=issuer)).json["access_token"]
    started = time.monotonic()
    status, done = rotate(own_key_process, "--emergency")
    assert status == 0, done
    assert [each["action"] for each in done] == [
        "create_credential", "activate_credential", "suspend_credential", "destroy_credential",
    ]  # fmt: skip
    # The worker that still believes in the old key looks again when it is refused.
    after = provider.token(system, system.assertion(aud=issuer))
    assert after.status_code == 200
    assert time.monotonic() - started < 30
    assert parts(after.json["access_token"])[0]["kid"] == done[0]["kid"]
    wait_until(lambda: published_kids(provider) == {done[0]["kid"]})
    provider.clock.now = datetime.now(UTC)
    for token, active in ((before, False), (after.json["access_token"], True)):
        asked = system.form(system.assertion(aud=issuer), token=token)
        assert provider.client.post("/introspect", data=asked).json["active"] is active
