"""One served provider for the whole suite, and the clients that its plans name."""

from collections.abc import Iterator

import pytest

from tests.conformance.oidc.listener import Listener
from tests.conformance.oidc.relying_party import RelyingParty
from tests.conformance.oidc.suite import Suite


@pytest.fixture
def suite(oidc_suite: Suite) -> Iterator[Suite]:
    yield oidc_suite
    oidc_suite.close_browsers()


@pytest.fixture
def listener(oidc_suite: Suite) -> Listener:
    return oidc_suite.listener


@pytest.fixture
def basic(suite: Suite) -> RelyingParty:
    """client_secret_basic, as the basic plan has it."""
    return suite.register("baseline", auth="client_secret_basic")


@pytest.fixture
def basic_with_key(suite: Suite) -> RelyingParty:
    return suite.register("baseline", request_object_signing_alg="ES256")


@pytest.fixture
def rs256(suite: Suite) -> RelyingParty:
    return suite.register("baseline", auth="client_secret_basic", id_token_signed_response_alg="RS256")


@pytest.fixture
def fapi(suite: Suite) -> RelyingParty:
    """private_key_jwt, DPoP, PAR."""
    return suite.register("fapi2")
