"""A served identity provider with real parts, shared by whoever drives it from outside."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.oidc.suite import Suite


@pytest.fixture(scope="session")
def oidc_suite(tmp_path_factory: pytest.TempPathFactory, redis_url: str, devca: Any) -> Iterator[Suite]:
    running = Suite(tmp_path_factory.mktemp("conformance"), redis_url, devca)
    yield running
    running.close()
