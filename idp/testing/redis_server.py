"""A Redis of its own on a unix socket in the provider's folder; it holds nothing when it is stopped."""

import shutil
import subprocess
import time
from pathlib import Path

import redis

from idp.testing.errors import CannotRun

_STARTS_WITHIN = 10.0


class OwnRedis:
    """Running when made. Raises CannotRun when redis-server is missing or does not start."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise CannotRun(
                "Không có redis-server: cài gói Debian redis-server, hoặc cho biết --redis-url.",
                "There is no redis-server: install the Debian package redis-server, or give --redis-url.",
            )
        socket = folder / "redis.sock"
        self.url = f"unix://{socket}"
        self._process = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", "",
             "--appendonly", "no", "--maxmemory-policy", "noeviction"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            self._wait()
        except CannotRun:
            self.stop()
            raise

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self) -> None:
        until = time.monotonic() + _STARTS_WITHIN
        with redis.Redis.from_url(self.url) as client:
            while self._process.poll() is None and time.monotonic() < until:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.02)
                else:
                    return
        raise CannotRun("redis-server không khởi động được.", "redis-server did not start.")
