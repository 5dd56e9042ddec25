"""Redis with our configuration: each service has a user for its own keys, and nobody may do more."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from desk.sessions.store import Sessions
from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

DOCKER = Path(__file__).parents[2] / "docker"


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A server on a unix socket in this folder, and the secrets it was started with."""
    with tempfile.TemporaryDirectory(prefix="antin-") as name:
        folder = Path(name)
        subprocess.run([str(DOCKER / "init-secrets.sh"), name], check=True)
        text = (DOCKER / "redis.conf").read_text().replace("/run/secrets/", f"{name}/")
        (folder / "redis.conf").write_text(f"{text}\nport 0\nunixsocket {name}/socket\nloglevel warning\n")
        server = subprocess.Popen(["redis-server", str(folder / "redis.conf")], cwd=folder)
        try:
            until = time.monotonic() + 10
            while not (folder / "socket").exists():
                assert server.poll() is None
                assert time.monotonic() < until, "redis-server did not start"
                time.sleep(0.02)
            yield folder
        finally:
            server.terminate()
            server.wait(10)


def _connect(place: Path, user: str) -> redis.Redis:
    password = (place / f"redis-{user}-password").read_text()
    return redis.Redis(unix_socket_path=f"{place}/socket", username=user, password=password)


def test_the_identity_provider_can_do_what_it_does(place: Path) -> None:
    with _connect(place, "idp") as client:
        assert client.ping()
        assert client.set("idp:jti:a", b"mark", px=1000, nx=True, get=True) is None
        assert client.incr("idp:count") == 1
        assert client.expire("idp:count", 60)


def test_the_signing_service_can_count(place: Path) -> None:
    password = (place / "redis-signsvc-password").read_text()
    storage = storage_from_string(f"redis+unix://signsvc:{password}@{place}/socket")
    item = RateLimitItemPerMinute(5)
    for strategy in (SlidingWindowCounterRateLimiter, MovingWindowRateLimiter):
        limiter = strategy(storage)  # type: ignore[arg-type]
        assert limiter.hit(item, "client")
        assert limiter.test(item, "client")
        assert limiter.get_window_stats(item, "client").remaining == 4
        limiter.clear(item, "client")
    storage.storage.close()  # type: ignore[attr-defined]


def test_the_desk_can_keep_find_and_end_its_sessions(place: Path) -> None:
    with _connect(place, "desk") as client:
        sessions = Sessions(lambda: client)
        assert sessions.available()
        sessions.keep("cookie", {"who": "lan"}, seconds=60, session_id="sid")
        sessions.touch("cookie", seconds=90)
        assert sessions.find("cookie") == {"who": "lan"}
        assert sessions.end_all("sid") == 1
        assert sessions.find("cookie") is None
        sessions.end("cookie")
        assert [sessions.spend("logout", seconds=60) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("user", ["idp", "signsvc", "desk"])
def test_a_user_can_neither_reach_other_keys_nor_rule_the_server(place: Path, user: str) -> None:
    foreign = {"idp": "LIMITS:a", "signsvc": "desk:session:a", "desk": "idp:jti:a"}[user]
    with _connect(place, user) as client:
        for attempt in (
            lambda: client.get(foreign),
            lambda: client.delete(foreign),
            lambda: client.keys("*"),
            client.flushall,
            client.config_get,
            client.acl_list,
            client.shutdown,
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                attempt()


def test_without_a_password_only_a_ping_is_answered(place: Path) -> None:
    once: dict[str, Any] = {"unix_socket_path": f"{place}/socket", "retry": Retry(NoBackoff(), 0)}
    with redis.Redis(**once) as client, pytest.raises(redis.exceptions.AuthenticationError):
        client.get("idp:jti:a")
    with redis.Redis(**once, username="health", password="none") as client:
        assert client.ping()
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.get("idp:jti:a")
