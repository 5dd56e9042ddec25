"""What tests of the key process share."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hsm.acts.life import LifeProcess, started


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory, devca: Any) -> Iterator[LifeProcess]:
    """One for the tests of a module; none of them breaks it. Whatever they did can be rehearsed."""
    running = started(tmp_path_factory.mktemp("lives"), devca)
    yield running
    running.check_journal()
    running.stop()


_numbers = itertools.count(1)


@pytest.fixture
def name() -> str:
    """An id that no other test uses."""
    return f"nguoi-mau-{next(_numbers)}"
