"""So many requests at work at once; who waits for a hash is not one of them."""

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from idp.web.turns import Turns


class Slow:
    """A WSGI application that is inside until it is let go."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.go = turns, threading.Event()
        self.inside = threading.Semaphore(0)
        self.app = turns.around(self._answer)

    def _answer(self, environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        if environ.get("waits"):
            with self.turns.aside():
                self.inside.release()
                self.go.wait(60)
        elif environ.get("again"):
            return self.app({}, None)
        else:
            self.inside.release()
            self.go.wait(60)
        if environ.get("fails"):
            raise ValueError
        return [b"done"]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


def test_no_more_than_so_many_are_at_work(pool: ThreadPoolExecutor) -> None:
    slow = Slow(Turns(2, 2, ()))
    answers = [pool.submit(slow.app, {}, None) for _ in range(3)]
    assert slow.inside.acquire(timeout=60)
    assert slow.inside.acquire(timeout=60)
    assert not slow.inside.acquire(timeout=0.3)  # the third waits before the door
    slow.go.set()
    assert [answer.result(60) for answer in answers] == [[b"done"]] * 3


def test_whoever_waits_for_a_hash_lets_another_have_the_turn(pool: ThreadPoolExecutor) -> None:
    slow = Slow(Turns(1, 1, ("/login/",)))
    waiting = [pool.submit(slow.app, {"waits": True}, None) for _ in range(2)]
    assert slow.inside.acquire(timeout=60)
    assert slow.inside.acquire(timeout=60)
    other = Slow(slow.turns)
    other.go.set()
    assert pool.submit(other.app, {}, None).result(60) == [b"done"]
    slow.go.set()
    assert [each.result(60) for each in waiting] == [[b"done"]] * 2


def test_a_turn_comes_back_however_the_request_ends(pool: ThreadPoolExecutor) -> None:
    slow = Slow(Turns(1, 1, ("/login/",)))
    slow.go.set()
    for asked in ({"fails": True}, {"waits": True, "fails": True}):
        with pytest.raises(ValueError):  # noqa: PT011 -- its own
            pool.submit(slow.app, asked, None).result(60)
    assert pool.submit(slow.app, {"again": True}, None).result(60) == [b"done"]


def test_logins_have_no_more_than_their_share_of_the_turns(pool: ThreadPoolExecutor) -> None:
    slow = Slow(Turns(3, 1, ("/login/",)))
    login = {"PATH_INFO": "/login/j-1/password"}
    logins = [pool.submit(slow.app, login, None) for _ in range(2)]
    assert slow.inside.acquire(timeout=60)
    assert not slow.inside.acquire(timeout=0.3)
    # The other login waits before its own door: it holds no turn that a token request could have.
    tokens = [pool.submit(slow.app, {"PATH_INFO": "/token"}, None) for _ in range(2)]
    assert slow.inside.acquire(timeout=60)
    assert slow.inside.acquire(timeout=60)
    slow.go.set()
    assert [each.result(60) for each in (*logins, *tokens)] == [[b"done"]] * 4


def test_a_login_that_waits_for_its_hash_lets_the_next_login_in(pool: ThreadPoolExecutor) -> None:
    slow = Slow(Turns(2, 1, ("/login/",)))
    login = {"PATH_INFO": "/login/j-1/password", "waits": True}
    logins = [pool.submit(slow.app, login, None) for _ in range(3)]
    assert all(slow.inside.acquire(timeout=60) for _ in range(3))
    slow.go.set()
    assert [each.result(60) for each in logins] == [[b"done"]] * 3
