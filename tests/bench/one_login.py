"""One login, beside npm oidc-provider and Keycloak on the same cores: code flow, SSO, refresh, introspection.

All sign ES256 and check everything (state, PKCE, private_key_jwt with its jti). Ours signs in the key
process, behind the journal, and keeps sessions and refresh tokens in SQL; oidc-provider keeps all in the
same Redis and signs in memory; Keycloak signs in memory and has an embedded database in memory. Ours and
Keycloak's show a login page and check a password, whose hash is left out; oidc-provider has none. CPU of all
the provider's own processes; what the load client costs is not in it.
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

import httpx
from joserfc.jwk import ECKey

from idp.login.hashing import _HASHER
from idp.settings import Settings
from tests.bench.keycloak_side import keycloak_side
from tests.bench.machine import Meter, family
from tests.bench.province import Province
from tests.bench.side import ELSEWHERE, RESOURCE, Side
from tests.bench.table import Row, interleaved, ratio_of
from tests.conformance.oidc.browser import Browser
from tests.conformance.oidc.relying_party import Provider, RelyingParty
from tests.conformance.oidc.suite import REDIRECT_URI, Suite
from tests.interop.npm_packages import script
from tests.interop.resident import ForeignToolFailed
from tests.servers.redis import RunningRedis
from tests.servers.stack import free_port

CACHES = ("client_cache_seconds", "token_key_cache_seconds")


@dataclass(frozen=True)
class Cost:
    """Of one time: CPU seconds by process. ``took``: seconds of the clock of each time."""

    cpu: dict[str, float]
    took: tuple[float, ...]

    @property
    def total(self) -> float:
        return sum(self.cpu.values())


# What is done again and again, and what ends it. A browser of its own for each login, one for all of SSO.
Way = Callable[[Side], tuple[Callable[[], object], Callable[[], object]]]


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
        sides = {"ours": _ours(suite), "oidc-provider": reference}
        rows = []
        try:
            sides["Keycloak"], stop = keycloak_side()
            closing.callback(stop)
        except ForeignToolFailed as error:
            rows.append(Row("Keycloak could not be had", 0, note=str(error)[:300]))
        memory = {name: side.memory() for name, side in sides.items()}
        rows.append(
            Row("memory of the provider's processes", memory["ours"], unit=" MiB", note=_said(memory, 0))
        )
        hashing = _password_hash_cpu()
        for name, way in _ways().items():
            spent = interleaved(rounds, {which: _timed(side, way, times) for which, side in sides.items()})
            left_out = hashing if name == "login and code flow" else 0
            cpu = {
                which: [cost.total - (left_out if which == "ours" else 0) for cost in costs]
                for which, costs in spent.items()
            }
            rows += _rows(name, spent, cpu)
    return rows


def _rows(name: str, spent: dict[str, list[Cost]], cpu: dict[str, list[float]]) -> list[Row]:
    """One for each of the others, and what they were made of."""
    milliseconds = {which: median(each) * 1000 for which, each in cpu.items()}
    took = {which: sorted(each for cost in costs for each in cost.took) for which, costs in spent.items()}
    parts = {
        "CPU ms": {which: round(each, 2) for which, each in milliseconds.items()},
        "of ours key process ms": round(median(c.cpu["key process"] for c in spent["ours"]) * 1000, 2),
    } | {
        f"p{part} ms": {which: round(each[len(each) * part // 100] * 1000, 1) for which, each in took.items()}
        for part in (50, 99)
    }  # fmt: skip
    return [
        Row(
            f"{other} ÷ ours, CPU: {name}", ratio_of(each, cpu["ours"]), ">= 1.0",
            note=_said(milliseconds, 1, " ms") if number == 0 else "", parts=parts if number == 0 else {},
        )
        for number, (other, each) in enumerate((w, e) for w, e in cpu.items() if w != "ours")
    ]  # fmt: skip


def _said(values: dict[str, float], digits: int, unit: str = "") -> str:
    return ", ".join(f"{which} {each:.{digits}f}{unit}" for which, each in values.items())


def _ways() -> dict[str, Way]:
    def full(side: Side) -> tuple[Callable[[], object], Callable[[], object]]:
        def act() -> None:
            side.log_in(side).http.close()

        return act, lambda: None

    def sso(side: Side) -> tuple[Callable[[], object], Callable[[], object]]:
        browser = side.log_in(side)
        return lambda: side.sso(browser), browser.http.close

    def each(act: Callable[[Side], None]) -> Way:
        return lambda side: (lambda: act(side), lambda: None)

    return {
        "login and code flow": full,
        "code flow in a session (SSO)": sso,
        "client_credentials": each(Side.client_credentials),
        "refresh": each(Side.refresh),
        "introspection": each(Side.introspect),
    }


def _timed(side: Side, way: Way, times: int) -> Callable[[], Cost]:
    def run() -> Cost:
        act, end = way(side)
        took = []
        with Meter(dict(side.processes)) as meter:
            for _ in range(times):
                began = time.perf_counter()
                act()
                took.append(time.perf_counter() - began)
        end()
        return Cost({name: cpu / times for name, cpu in meter.spent.cpu.items()}, tuple(took))

    return run


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
        start = browser.open(side.party.authorization_url(scope=side.scope))
        back = suite.arrive(suite.walk(browser, start))
        side.redeem(back.params["code"])
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
        side.sso(browser)
        return browser

    def stop() -> None:
        process.kill()
        process.wait()
        http.close()

    side = Side(party, {"provider": [process.pid]}, log_in)
    side.log_in(side).http.close()
    return side, stop
