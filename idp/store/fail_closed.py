"""What is used once, or lives a while, fails closed without Redis: nothing is given on a guess."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from idp.errors import ReplayStoreUnavailable


@contextmanager
def fail_closed() -> Iterator[None]:
    """Raises ReplayStoreUnavailable for whatever Redis raises (logged by class: its text may quote a key)."""
    try:
        yield
    except redis.RedisError as error:
        raise ReplayStoreUnavailable(detail=f"redis: {type(error).__name__}") from error
