"""The fixture for relying parties' own tests: ``antin_provider``, one provider for the whole run."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from idp.testing.provider import SampleProvider


@pytest.fixture(scope="session")
def antin_provider() -> "Iterator[SampleProvider]":
    """A running provider: ``issuer``, ``register(**metadata)``, ``person(...)``, ``log_in(url, person)``."""
    # Imported here: a run that does not use the fixture does not pay for it.
    from idp.testing.provider import SampleProvider  # noqa: PLC0415

    with SampleProvider() as provider:
        yield provider
