"""Fixtures of the identity provider's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.idp.provider import Provider, System
from tests.idp.software_keys import SoftwareKeys


@pytest.fixture(scope="session")
def shared_keys() -> Iterator[SoftwareKeys]:
    """Token keys that tests share; none of them changes these."""
    keys = SoftwareKeys()
    yield keys
    keys.remove()


@pytest.fixture
def own_keys() -> Iterator[SoftwareKeys]:
    """Token keys of the test's own, to fail, stop and rotate."""
    keys = SoftwareKeys()
    yield keys
    keys.remove()


@pytest.fixture
def provider(tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys) -> Provider:
    return Provider(tmp_path, redis_url=redis_url, key_process=shared_keys.target)


@pytest.fixture
def system(provider: Provider) -> System:
    return provider.register()
