"""Foreign clients against the whole service."""

from collections.abc import Iterator

import pytest

from tests.servers.csc import CscClient, register_csc_client
from tests.servers.stack import Stack


@pytest.fixture(scope="session")
def csc_client(stack: Stack) -> Iterator[CscClient]:
    yield from register_csc_client(stack, "he-thong-csc")
