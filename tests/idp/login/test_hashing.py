"""Hashing in a bounded pool."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

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
            # Of this process: what else the machine does is no difference between two passwords.
            started = time.process_time()
            assert not hashing.verify(password_hash, "sai mật khẩu rồi")
            times.append(time.process_time() - started)
        return sorted(times)[2]

    assert 0.3 < median("") / median(made) < 3


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Hashing that takes until the event is set."""
    gate = threading.Event()
    monkeypatch.setattr(module, "_matches", lambda *_: gate.wait(60))
    yield gate
    gate.set()


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_forty_people_at_once_all_get_their_turn() -> None:
    hashing = Hashing(threads=1, waiting=64)
    made = hashing.hash("mưa rơi trên mái ngói")
    with ThreadPoolExecutor(40) as people:
        assert all(people.map(lambda _: hashing.verify(made, "mưa rơi trên mái ngói"), range(40)))
    hashing.close()


def test_who_would_wait_too_long_is_told_when_to_come_back(held: threading.Event) -> None:
    hashing = Hashing(threads=1, waiting=4, seconds=0.2)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(hashing.verify, "x", "y")
        _wait_for(first.running)
        _wait_for(hashing._pool._work_queue.empty)
        started = time.monotonic()
        with pytest.raises(LoginBusy) as busy:
            hashing.verify("x", "y")
        assert 0.2 <= time.monotonic() - started < 30
        assert busy.value.retry_after == 10
        # Whose turn has come is not turned away, however long the hash takes.
        held.set()
        assert first.result(60)
    # Nobody's work is done who went away, and the room is free again.
    assert all(hashing._room.acquire(blocking=False) for _ in range(5))
    hashing.close()


def test_who_finds_no_room_is_told_at_once(held: threading.Event) -> None:
    hashing = Hashing(threads=1, waiting=1, seconds=30)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(hashing.verify, "x", "y") for _ in range(2)]
        _wait_for(lambda: hashing._room._value == 0)  # type: ignore[attr-defined]
        started = time.monotonic()
        with pytest.raises(LoginBusy):
            hashing.verify("x", "y")
        assert time.monotonic() - started < 10
        held.set()
        assert all(each.result(60) for each in both)
    hashing.close()


def test_who_waits_stands_aside() -> None:
    stood: list[str] = []

    @contextmanager
    def aside() -> Iterator[None]:
        stood.append("aside")
        yield
        stood.append("back")

    hashing = Hashing(threads=1, waiting=1, aside=aside)
    hashing.verify("", "x")
    assert stood == ["aside", "back"]
    hashing.close()
