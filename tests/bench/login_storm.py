"""A storm of logins: passwords over HTTP beside raw argon2id on the same cores, and /token in its midst.

The provider runs as it is delivered (two workers, one hashing thread each). Everybody is somebody else at an
address of their own; forty at a time log in as fast as they can, from the relying party's link to its code.
Raw argon2id hashes with the same parameters in as many threads as there are cores. The load's own programs
share those cores, and who else is on the machine disturbs rates: CPU a login is told besides. In it are the
tokens that are asked for meanwhile, one at a time; and half of the people stop at their session, without the
code. They are citizens with a password, so that no second factor is in the way: officials cost one page more.
"""

import os
import re
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from statistics import median
from urllib.parse import urlencode

from idp.login.hashing import _HASHER
from tests.bench.flows import Flow, Ran, run
from tests.bench.machine import Meter, family
from tests.bench.province import Province
from tests.bench.storm_provider import PASSWORD, REDIRECT_URI, StormProvider
from tests.bench.table import Row

AT_ONCE = 40
_LOCATION = re.compile(rb"(?i)\r\nlocation: ([^\r\n]+)")
_COOKIE = re.compile(rb"(?i)\r\nset-cookie: ([^=;\r\n]+)=([^;\r\n]*)")
_CSRF = re.compile(rb'name="csrf_token"[^>]* value="([^"]+)"')
_ACTION = re.compile(rb'action="(/login/[^"]+/password)"')


class Person:
    """A browser that knows one way: cookies, and no page but the two that it needs."""

    def __init__(self, host: str, client_id: str, username: str, address: str) -> None:
        self._host, self._client_id, self._username, self._address = host, client_id, username, address
        self._cookies: dict[bytes, bytes] = {}

    def reach_page(self) -> Flow:
        """Up to the page that asks for the password."""
        asked = {
            "response_type": "code", "client_id": self._client_id, "redirect_uri": REDIRECT_URI,
            "scope": "openid", "state": secrets.token_urlsafe(16), "nonce": secrets.token_urlsafe(16),
            "code_challenge": secrets.token_urlsafe(32), "code_challenge_method": "S256",
        }  # fmt: skip
        at = self._location((yield self._get(f"/authorize?{urlencode(asked)}".encode())))
        page = yield self._get(at)
        self._keep(page)
        self._action, self._csrf = _found(_ACTION, page), _found(_CSRF, page)

    def type_password(self) -> Flow:
        """The page is sent; the person has a session."""
        fields = {"csrf_token": self._csrf.decode(), "username": self._username, "password": PASSWORD}
        self._next = self._location((yield self._post(self._action, urlencode(fields).encode())))

    def come_back(self) -> Flow:
        """Back at the relying party, with a code."""
        back = self._location((yield self._get(self._next)))
        assert back.startswith(REDIRECT_URI.encode()), back
        assert b"code=" in back, back

    def log_in(self) -> Flow:
        yield from self.reach_page()
        yield from self.type_password()
        yield from self.come_back()

    def _get(self, at: bytes) -> bytes:
        return b"GET %s HTTP/1.1\r\n%s\r\n" % (at, self._headers())

    def _post(self, at: bytes, body: bytes) -> bytes:
        kind = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n" % len(body)
        return b"POST %s HTTP/1.1\r\n%s%s\r\n%s" % (at, self._headers(), kind, body)

    def _headers(self) -> bytes:
        cookies = b"; ".join(b"%s=%s" % each for each in self._cookies.items())
        head = b"Host: %s\r\nX-Forwarded-For: %s\r\n" % (self._host.encode(), self._address.encode())
        return head + (b"Cookie: %s\r\n" % cookies if cookies else b"")

    def _keep(self, answer: bytes) -> None:
        self._cookies |= dict(_COOKIE.findall(answer.partition(b"\r\n\r\n")[0]))

    def _location(self, answer: bytes) -> bytes:
        self._keep(answer)
        at = _found(_LOCATION, answer)
        return at if at.startswith(REDIRECT_URI.encode()) else at[at.find(b"/", 8) if b"://" in at else 0 :]


def _found(pattern: re.Pattern[bytes], answer: bytes) -> bytes:
    found = pattern.search(answer)
    if found is None:
        raise AssertionError(answer.decode(errors="replace")[:1500])
    return found.group(1)


def storm(address: tuple[str, int], client_id: str, usernames: list[str]) -> tuple[Ran, Ran, Ran]:
    """In a process of its own: whole logins; then passwords alone, their pages being open already."""
    host = f"{address[0]}:{address[1]}"
    people = [
        Person(host, client_id, username, f"10.{number >> 8 & 255}.{number & 255}.7")
        for number, username in enumerate(usernames)
    ]
    half = len(people) // 2
    whole = run(address, [each.log_in() for each in people[:half]], connections=AT_ONCE, ramp=0.4)
    pages = run(address, [each.reach_page() for each in people[half:]], connections=8)
    passwords = run(address, [each.type_password() for each in people[half:]], connections=AT_ONCE, ramp=0.4)
    return whole, pages, passwords


def measure(province: Province) -> list[Row]:
    rounds, people = (2, 240) if province.quick else (4, 400)
    rates: dict[str, list[float]] = {"raw": [], "whole": [], "passwords": []}
    quiet: list[float] = []
    stormy: list[float] = []
    cpu: list[float] = []
    with ExitStack() as closing:
        provider = StormProvider(province)
        closing.callback(provider.close)
        usernames = iter([provider.person() for _ in range(people * (rounds + 1))])
        other = closing.enter_context(ProcessPoolExecutor(1, get_context("spawn")))
        for number in range(rounds + 1):
            raw = _raw(people // 2)
            before = _ask_for_tokens(provider, 200, None)
            some = [next(usernames) for _ in range(people)]
            with Meter({"idp": family(provider.pid)}) as meter:
                blowing = other.submit(storm, provider.address, provider.client_id, some)
                during = _ask_for_tokens(provider, 4000, blowing)
                whole, _, passwords = blowing.result(120)
            if number:  # the first warms up
                rates["raw"].append(raw)
                rates["whole"].append(whole.rate)
                rates["passwords"].append(passwords.rate)
                quiet += before
                stormy += during
                cpu.append(meter.spent.total / people * 1000)
    parts = {f"{name} a second": round(median(each), 1) for name, each in rates.items()}
    tokens = {
        "quiet p50 ms": round(_part(quiet, 0.5), 2), "quiet p99 ms": round(_part(quiet, 0.99), 2),
        "storm p50 ms": round(_part(stormy, 0.5), 2), "storm p99 ms": round(_part(stormy, 0.99), 2),
        "asked in the storm": len(stormy),
    }  # fmt: skip
    return [
        Row("passwords checked over HTTP ÷ raw argon2id", _ratio(rates, "passwords"), ">= 0.8", parts=parts,
            note=", ".join(f"{name} {each}" for name, each in parts.items())),
        Row("whole logins over HTTP ÷ raw argon2id", _ratio(rates, "whole"), parts={"idp CPU ms": cpu},
            note=f"idp CPU {median(cpu):.1f} ms a person, with the hash and the tokens asked meanwhile"),
        Row("/token p99 in a storm of logins ÷ quiet", _part(stormy, 0.99) / _part(quiet, 0.99), "<= 4",
            parts=tokens,
            note=", ".join(f"{name} {each}" for name, each in list(tokens.items())[:4])),
    ]  # fmt: skip


def _ratio(rates: dict[str, list[float]], name: str) -> float:
    return median(mine / raw for mine, raw in zip(rates[name], rates["raw"], strict=True))


def _part(times: list[float], part: float) -> float:
    return sorted(times)[int(len(times) * part)] * 1000


def _raw(count: int) -> float:
    """Passwords a second, on all cores."""
    stored, typed = _HASHER.hash(PASSWORD), PASSWORD
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        began = time.perf_counter()
        assert all(pool.map(lambda _: _HASHER.verify(stored, typed), range(count)))
        return count / (time.perf_counter() - began)


def _ask_for_tokens(provider: StormProvider, most: int, until: "Future[object] | None") -> list[float]:
    """One system that asks for a token, then waits a little, over one connection: how long each took."""

    def requests() -> Iterator[Flow]:
        for _ in range(most):
            if until is not None and until.done():
                return
            time.sleep(0.01)
            yield provider.ask_for_token()

    return list(run(provider.address, requests(), connections=1).took)
