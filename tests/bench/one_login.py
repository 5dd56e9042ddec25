"""One login, beside npm oidc-provider on the same cores: CPU a code flow, SSO, refresh, introspection.

Both keep their things in the same Redis, sign ES256 and check everything (state, PKCE, private_key_jwt with
its jti). Ours signs in the key process, behind the journal, and keeps sessions and refresh tokens in SQL;
theirs signs in memory. CPU of all the provider's own processes; what the load client costs is not in it.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from joserfc.jwk import ECKey

from idp.login.hashing import _HASHER
from idp.settings import Settings
from tests.bench.machine import Meter, family
from tests.bench.province import Province
from tests.bench.table import Row, interleaved, ratio_of
from tests.conformance.oidc.browser import Browser, Callback
from tests.conformance.oidc.relying_party import Provider, RelyingParty
from tests.conformance.oidc.suite import REDIRECT_URI, Suite
from tests.interop.npm_packages import script
from tests.servers.redis import RunningRedis
from tests.servers.stack import free_port

RESOURCE = "https://sign.example.gov.vn"
ELSEWHERE = "https://rp.example.gov.vn"
CACHES = ("client_cache_seconds", "token_key_cache_seconds")


@dataclass(frozen=True)
class Cost:
    """Of one time: CPU seconds by process, and seconds of the clock."""

    cpu: dict[str, float]
    wall: float

    @property
    def total(self) -> float:
        return sum(self.cpu.values())


@dataclass
class Side:
    """A provider under load: its processes, a client, and how somebody gets through its login."""

    party: RelyingParty
    processes: dict[str, list[int]]
    log_in: Callable[["Side"], Browser]
    refresh_token: str = ""
    access_token: str = ""

    def code(self, browser: Browser) -> str:
        back = browser.open(self.party.authorization_url(scope="openid offline_access"))
        assert isinstance(back, Callback), back.text[-500:]
        return str(back.params["code"])

    def sso(self, browser: Browser) -> dict[str, Any]:
        answer = self.party.exchange(self.code(browser))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def client_credentials(self) -> None:
        answer = self.party.token(
            {"grant_type": "client_credentials", "scope": "sign", "resource": RESOURCE}, dpop=None
        )
        assert answer.status_code == 200, answer.text

    def refresh(self) -> None:
        answer = self.party.refresh(self.refresh_token)
        assert answer.status_code == 200, answer.text

    def introspect(self) -> None:
        answer = self.party.provider.http.post(
            self.party.provider.metadata["introspection_endpoint"],
            data={"token": self.access_token, **self.party.credentials()},
        )
        assert answer.json()["active"] is True


def measure(province: Province) -> list[Row]:
    rounds, times = (2, 15) if province.quick else (4, 40)
    folder = Path(tempfile.mkdtemp(prefix="one-login-"))
    redis = RunningRedis()
    redis.start()
    # Clients and keys are kept as long as a province's provider keeps them; theirs are in its memory.
    kept = {f"IDP_{name.upper()}": str(Settings.model_fields[name].default) for name in CACHES}
    suite = Suite(folder, redis.url, province.devca, **kept)
    with ExitStack() as closing:
        closing.callback(redis.remove)
        closing.callback(suite.close)
        closing.callback(suite.close_browsers)
        reference, stop = _reference(redis.url)
        closing.callback(stop)
        ours = _ours(suite)
        rows = [_memory(ours, reference)]
        hashing = _password_hash_cpu()
        for name, way in _ways().items():
            spent = interleaved(
                rounds,
                {
                    which: _timed(side, way, times)
                    for which, side in (("ours", ours), ("reference", reference))
                },
            )
            left_out = hashing if name == "login and code flow" else 0
            ours_cpu = [cost.total - left_out for cost in spent["ours"]]
            theirs_cpu = [cost.total for cost in spent["reference"]]
            rows.append(
                Row(
                    f"oidc-provider ÷ ours, CPU: {name}", ratio_of(theirs_cpu, ours_cpu), ">= 1.0",
                    parts={
                        "ours ms": round(median(ours_cpu) * 1000, 2),
                        "of it key process ms": round(
                            median(cost.cpu["key process"] for cost in spent["ours"]) * 1000, 2
                        ),
                        "theirs ms": round(median(theirs_cpu) * 1000, 2),
                        "ours wall ms": round(median(cost.wall for cost in spent["ours"]) * 1000, 2),
                        "theirs wall ms": round(median(cost.wall for cost in spent["reference"]) * 1000, 2),
                    },
                )
            )  # fmt: skip
    return rows


def _ways() -> dict[str, Callable[[Side, int], None]]:
    """What one round does, ``times`` times. A browser of its own for each login, one for all of SSO."""

    def full(side: Side, times: int) -> None:
        for _ in range(times):
            browser = side.log_in(side)
            browser.http.close()

    def sso(side: Side, times: int) -> None:
        browser = side.log_in(side)
        for _ in range(times):
            side.sso(browser)
        browser.http.close()

    def each(act: Callable[[Side], None]) -> Callable[[Side, int], None]:
        return lambda side, times: [act(side) for _ in range(times)] and None  # type: ignore[func-returns-value]

    return {
        "login and code flow": full,
        "code flow in a session (SSO)": sso,
        "client_credentials": each(Side.client_credentials),
        "refresh": each(Side.refresh),
        "introspection": each(Side.introspect),
    }


def _timed(side: Side, way: Callable[[Side, int], None], times: int) -> Callable[[], Cost]:
    def run() -> Cost:
        with Meter(dict(side.processes)) as meter:
            way(side, times)
        each = {name: cpu / times for name, cpu in meter.spent.cpu.items()}
        return Cost(each, meter.spent.wall / times)

    return run


def _memory(ours: Side, reference: Side) -> Row:
    def resident(side: Side) -> float:
        pids = [pid for pids in side.processes.values() for pid in pids]
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
        kib = [
            int(line.split()[1])
            for text in statuses
            for line in text.splitlines()
            if line.startswith("VmRSS")
        ]
        return sum(kib) / 1024

    mine, theirs = resident(ours), resident(reference)
    return Row("memory of the provider's processes, MiB", mine, unit="MiB", parts={"theirs": round(theirs)})


def _password_hash_cpu() -> float:
    """CPU of one argon2id verification with our parameters, alone: what the comparison leaves out."""
    stored = _HASHER.hash("mật khẩu MẪU")
    began = time.process_time()
    for _ in range(10):
        _HASHER.verify(stored, "mật khẩu MẪU")
    return (time.process_time() - began) / 10


def _ours(suite: Suite) -> Side:
    party = suite.register(
        "baseline", first_party=True, subject_type="public",
        grant_types=("authorization_code", "refresh_token", "client_credentials"),
        scopes=("sign",), resources=(RESOURCE,), introspects=(RESOURCE, suite.op.issuer),
    )  # fmt: skip
    party.pkce = True

    def log_in(side: Side) -> Browser:
        browser = suite.browser()
        start = browser.open(side.party.authorization_url(scope="openid offline_access"))
        back = suite.arrive(suite.walk(browser, start))
        answer = side.party.exchange(back.params["code"])
        side.refresh_token, side.access_token = answer.json()["refresh_token"], answer.json()["access_token"]
        return browser

    processes = {"provider": [pid for process in suite.processes[:1] for pid in family(process.pid)]}
    assert suite.key_process.process
    processes["key process"] = [suite.key_process.process.pid]
    side = Side(party, processes, log_in)
    side.log_in(side).http.close()
    return side


def _reference(redis_url: str) -> tuple[Side, Callable[[], None]]:
    port, key = free_port(), ECKey.generate_key("P-256")
    http = httpx.Client(timeout=20, trust_env=False)
    provider = Provider(f"http://127.0.0.1:{port}", http)
    party = RelyingParty(provider, "rp-mau", REDIRECT_URI, key=key)
    client = {
        "client_id": "rp-mau", "redirect_uris": [REDIRECT_URI], "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": party.jwks(),
        "id_token_signed_response_alg": "ES256", "scope": "openid offline_access sign",
    }  # fmt: skip
    process = subprocess.Popen(
        [*script("reference_provider.mjs"), str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"clients": [client], "redis": redis_url}))
    process.stdin.close()
    assert process.stdout.readline() == "listening\n"
    provider.discover()

    def log_in(side: Side) -> Browser:
        browser = Browser(True, lambda url: url.startswith(ELSEWHERE))
        answer = side.party.exchange(side.code(browser))
        assert answer.status_code == 200, answer.text
        side.refresh_token, side.access_token = answer.json()["refresh_token"], answer.json()["access_token"]
        return browser

    def stop() -> None:
        process.kill()
        process.wait()
        http.close()

    side = Side(party, {"provider": [process.pid]}, log_in)
    side.log_in(side).http.close()
    return side, stop
