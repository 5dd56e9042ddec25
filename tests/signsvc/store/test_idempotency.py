"""One key, one request, one effect."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from signsvc.errors import IdempotencyMismatch, InProgress
from signsvc.store.database import Database
from signsvc.store.idempotency import Attempt, IdempotencyKeys, KeptAnswer

NOW = 1_800_000_000
ANSWER = KeptAnswer(201, {"Location": "/v1/documents/1"}, b'{"id":"1"}')


@pytest.fixture
def keys(database: Database) -> IdempotencyKeys:
    return IdempotencyKeys(database, lease=60, keep=3600)


def begun(keys: IdempotencyKeys, now: int = NOW, client: str = "motcua", digest: bytes = b"r") -> Attempt:
    attempt = keys.begin(client, "k1", digest, now)
    assert isinstance(attempt, Attempt)
    return attempt


def test_the_same_request_gets_the_kept_answer(keys: IdempotencyKeys) -> None:
    keys.keep(begun(keys), ANSWER)
    assert keys.begin("motcua", "k1", b"r", NOW + 5) == ANSWER


def test_another_request_under_the_key_is_refused(keys: IdempotencyKeys) -> None:
    keys.keep(begun(keys), ANSWER)
    with pytest.raises(IdempotencyMismatch):
        keys.begin("motcua", "k1", b"other", NOW)


def test_another_client_may_use_the_same_key(keys: IdempotencyKeys) -> None:
    keys.keep(begun(keys), ANSWER)
    begun(keys, client="another", digest=b"other")


def test_a_request_at_work_blocks_its_key_until_its_lease_ends(keys: IdempotencyKeys) -> None:
    dead = begun(keys)
    with pytest.raises(InProgress):
        keys.begin("motcua", "k1", b"r", NOW + 59)
    heir = begun(keys, now=NOW + 61)
    # The dead one wakes up: its answer is not the key's any more.
    keys.keep(dead, KeptAnswer(200, {}, b"late"))
    keys.keep(heir, ANSWER)
    assert keys.begin("motcua", "k1", b"r", NOW + 62) == ANSWER


def test_a_released_key_is_free(keys: IdempotencyKeys) -> None:
    keys.release(begun(keys))
    begun(keys, digest=b"another request now")


def test_of_many_at_once_one_may_work(keys: IdempotencyKeys) -> None:
    def attempt(_: int) -> str:
        try:
            return type(keys.begin("motcua", "k1", b"r", NOW)).__name__
        except InProgress:
            return "InProgress"

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(attempt, range(16)))
    assert found.count("Attempt") == 1
    assert found.count("InProgress") == 15


def test_old_keys_are_forgotten(keys: IdempotencyKeys) -> None:
    keys.keep(begun(keys), ANSWER)
    assert keys.sweep(NOW + 3599) == 0
    assert keys.sweep(NOW + 3600) == 1
    begun(keys, digest=b"another request now")
