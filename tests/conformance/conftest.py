"""Foreign clients against the whole service."""

from collections.abc import Callable, Iterator

import pytest

from tests.conformance.csc_dummy import csc_dummy
from tests.servers.csc import CscClient, register_csc_client
from tests.servers.people import Enrolled as Person
from tests.servers.people import enrol_person
from tests.servers.stack import Stack

__all__ = ["csc_client", "csc_dummy", "new_person"]


@pytest.fixture(scope="session")
def csc_client(stack: Stack) -> Iterator[CscClient]:
    yield from register_csc_client(stack, "he-thong-csc")


@pytest.fixture(scope="session")
def new_person(csc_client: CscClient) -> Callable[..., Person]:
    made = iter(range(100))

    def make(profile: str = "personal") -> Person:
        stack = csc_client.stack
        return enrol_person(stack.key_process, stack.devca, f"nguoi-ky-{next(made)}", profile)

    return make
