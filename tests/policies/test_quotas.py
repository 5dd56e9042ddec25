"""Quotas: what is counted, what an outage means, what is refused as a quota."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from policies import Bundle, Quota, QuotaRefused
from policies.buckets import Buckets, open_buckets
from policies.quota import parse_quotas

WORDS = 'basis = "Luật"\ntitle = "Thử"\ntitle_en = "Tried"\n'
QUOTAS = parse_quotas(
    f'[pin]\nlimit = "3/15m"\nexact = true\nwhen_away = "closed"\n{WORDS}'
    f'[signs]\nlimit = "5/2h"\nwhen_away = "closed"\n{WORDS}'
    f'[short]\nlimit = "2/s"\nexact = true\nwhen_away = "closed"\n{WORDS}'
    f'[reads]\nlimit = "3/m"\nwhen_away = "open"\nreading = true\n{WORDS}'
)


@pytest.fixture(scope="module")
def redis_uri() -> Iterator[str]:
    """A Redis of our own on a socket. A missing redis-server fails here and is named."""
    with tempfile.TemporaryDirectory(prefix="quota") as directory:
        path = f"{directory}/redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", directory]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            deadline = time.monotonic() + 10
            while not Path(path).exists():
                assert time.monotonic() < deadline, "redis-server did not start"
                time.sleep(0.02)
            yield f"redis+unix://{path}"
            server.terminate()


@pytest.fixture(params=["memory", "redis"])
def buckets(request: pytest.FixtureRequest) -> Buckets:
    if request.param == "memory":
        return open_buckets(QUOTAS, "memory://")
    return open_buckets(QUOTAS, request.getfixturevalue("redis_uri"))


@pytest.fixture
def away() -> Buckets:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return open_buckets(QUOTAS, f"redis://127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize(("quota", "times"), [("pin", 3), ("signs", 5)])
def test_a_quota_is_spent_and_then_refused(buckets: Buckets, quota: str, times: int) -> None:
    who = f"spent-{quota}"
    assert all(buckets.spend(quota, who).allowed for _ in range(times))
    refused = buckets.spend(quota, who)
    assert not refused.allowed
    assert 1 <= refused.retry_after <= QUOTAS[quota].window_seconds
    assert not refused.away


def test_each_subject_has_a_quota_of_its_own(buckets: Buckets) -> None:
    for _ in range(3):
        buckets.spend("pin", "an", "seal-1")
    assert not buckets.spend("pin", "an", "seal-1").allowed
    assert buckets.spend("pin", "an", "seal-2").allowed
    assert buckets.spend("signs", "an", "seal-1").allowed


def test_a_cost_is_spent_whole_or_not_at_all(buckets: Buckets) -> None:
    assert buckets.spend("signs", "batch", cost=4).allowed
    assert not buckets.spend("signs", "batch", cost=2).allowed
    assert buckets.spend("signs", "batch", cost=1).allowed


def test_checking_counts_nothing(buckets: Buckets) -> None:
    assert all(buckets.check("pin", "checked").allowed for _ in range(10))
    for _ in range(3):
        buckets.spend("pin", "checked")
    assert not buckets.check("pin", "checked").allowed


def test_the_right_pin_forgives_the_wrong_ones(buckets: Buckets) -> None:
    for _ in range(3):
        buckets.spend("pin", "forgiven")
    buckets.forgive("pin", "forgiven")
    assert buckets.spend("pin", "forgiven").allowed


def test_a_window_passes(buckets: Buckets) -> None:
    while buckets.spend("short", "patient").allowed:
        pass
    time.sleep(1.1)
    assert buckets.spend("short", "patient").allowed


def test_signing_and_pins_are_refused_when_the_counters_are_away(away: Buckets) -> None:
    for quota in ("pin", "signs"):
        for answer in (away.spend(quota, "an"), away.check(quota, "an")):
            assert not answer.allowed
            assert answer.away
            assert answer.retry_after > 0
    away.forgive("pin", "an")


def test_reading_goes_on_when_the_counters_are_away(away: Buckets) -> None:
    answer = away.spend("reads", "an")
    assert answer.allowed
    assert answer.away


def test_an_unnamed_quota_is_a_mistake_of_the_caller(away: Buckets) -> None:
    with pytest.raises(KeyError):
        away.spend("unheard-of", "an")


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ('limit = "5/m"\nwhen_away = "open"', "only reading may be open"),
        ('limit = "5/m"', "when_away"),
        ('limit = "5 per minute"\nwhen_away = "closed"', "limit"),
        ('limit = "0/m"\nwhen_away = "closed"', "limit"),
        ('limit = "9999/m"\nexact = true\nwhen_away = "closed"', "exact"),
        ('limit = "5/m"\nwhen_away = "closed"\nburst = 3', "burst"),
    ],
)
def test_an_unclear_quota_is_refused(lines: str, complaint: str) -> None:
    with pytest.raises(QuotaRefused, match="tried") as refused:
        parse_quotas(f"[tried]\n{lines}\n{WORDS}")
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("limit", "times", "seconds"),
    [("5/15m", 5, 900), ("12000/m", 12_000, 60), ("1/s", 1, 1), ("7/2h", 7, 7200), ("3/d", 3, 86_400)],
)
def test_a_limit_is_times_in_a_window(limit: str, times: int, seconds: int) -> None:
    quota = Quota(name="tried", limit=limit, when_away="closed", basis="Luật", title="Thử", title_en="Tried")
    assert (quota.times, quota.window_seconds) == (times, seconds)


def test_only_quotas_of_reading_are_open_in_an_outage() -> None:
    quotas = Bundle.load().quotas
    assert {name for name, quota in quotas.items() if quota.when_away == "open"} == {
        "verify-per-address",
        "reads-per-client",
        "journal-per-address",
    }
