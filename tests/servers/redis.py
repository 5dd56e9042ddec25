"""A throw-away Redis on a unix socket: ``redis_url`` is shared, ``own_redis`` may be stopped."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

STARTS_WITHIN = 10.0


class RunningRedis:
    """One redis-server without persistence. ``url`` stays the same when it is stopped and started again."""

    def __init__(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.fail("No redis-server found: install the Debian package `redis-server`.", pytrace=False)
        self._program = program
        # Short, because a socket's path may have 107 bytes at most.
        self._home = Path(tempfile.mkdtemp(prefix="antin-redis-", dir="/tmp"))
        self.url = f"unix://{self._home}/redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = ["--port", "0", "--unixsocket", f"{self._home}/redis.sock", "--dir", str(self._home)]
        volatile = ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        self._process = subprocess.Popen(
            [self._program, *arguments, *volatile], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + STARTS_WITHIN
        with redis.Redis.from_url(self.url) as client:
            while not _answers(client):
                if self._process.poll() is not None or time.monotonic() > until:
                    pytest.fail("redis-server did not start")
                time.sleep(0.02)

    def stop(self) -> None:
        """What it held is gone, as after a crash."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis that tests share; none of them stops it."""
    running = RunningRedis()
    running.start()
    yield running.url
    running.remove()


@pytest.fixture
def own_redis() -> Iterator[RunningRedis]:
    """A Redis of the test's own, to stop."""
    running = RunningRedis()
    running.start()
    yield running
    running.remove()
