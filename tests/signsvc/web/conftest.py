"""A real signing service for each test."""

import pytest

from tests.servers.plain_pdf import make_pdf
from tests.servers.signsvc import enrolled, issuer, service

__all__ = ["enrolled", "issuer", "service"]


@pytest.fixture(scope="session")
def pdf() -> bytes:
    """A small document of one page."""
    return make_pdf(1)
