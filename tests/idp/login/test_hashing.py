"""Hashing in a bounded pool."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.errors import LoginBusy
from idp.login import hashing as module
from idp.login.hashing import Hashing


@pytest.fixture
def hashing() -> Iterator[Hashing]:
    made = Hashing(threads=1, waiting=1)
    yield made
    made.close()


def test_a_password_matches_its_hash_and_nothing_else_does(hashing: Hashing) -> None:
    made = hashing.hash("mưa rơi trên mái ngói")
    assert made.startswith("$argon2id$")
    assert hashing.verify(made, "mưa rơi trên mái ngói")
    assert not hashing.verify(made, "mưa rơi trên mái tôn")
    assert not hashing.verify("not a hash", "mưa rơi trên mái ngói")
    assert not hashing.is_outdated(made)


def test_nobodys_password_takes_as_long_and_is_never_right(hashing: Hashing) -> None:
    made = hashing.hash("mưa rơi trên mái ngói")

    def median(password_hash: str) -> float:
        times = []
        for _ in range(5):
            started = time.perf_counter()
            assert not hashing.verify(password_hash, "sai mật khẩu rồi")
            times.append(time.perf_counter() - started)
        return sorted(times)[2]

    assert 0.3 < median("") / median(made) < 3


def test_who_finds_no_room_is_told_at_once(hashing: Hashing, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, entered = threading.Event(), threading.Event()

    def slow(*_: object) -> bool:
        entered.set()
        return gate.wait(10)

    monkeypatch.setattr(module, "_matches", slow)
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(hashing.verify, "x", "y") for _ in range(2)]
        assert entered.wait(10)
        while hashing._room.acquire(blocking=False):
            hashing._room.release()  # until both of them have their place
        started = time.monotonic()
        with pytest.raises(LoginBusy) as busy:
            hashing.verify("x", "y")
        assert time.monotonic() - started < 1
        assert busy.value.retry_after
        gate.set()
        assert all(each.result() for each in held)
