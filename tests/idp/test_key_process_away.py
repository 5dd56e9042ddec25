"""The key process fails in every way: no token is ever issued unsigned, and service returns by itself."""

import time
from pathlib import Path
from typing import Any

import pytest

from hsm.client import KeyProcessUnavailable, TokenKey
from idp.app import create_app
from idp.errors import KeysUnavailable
from idp.protocol.signing_input import encode_header
from idp.token_keys import TokenKeys
from tests.idp.provider import Provider, System, parts
from tests.idp.software_keys import SoftwareKeys


@pytest.fixture
def provider(tmp_path: Path, redis_url: str, own_keys: SoftwareKeys) -> Provider:
    return Provider(tmp_path, redis_url=redis_url, key_process=own_keys.target)


@pytest.mark.parametrize(
    "failure", ["TokenUnavailable", "StoreUnavailable", "PolicyRefused", "KeyNotFound", "Nonsense"]
)
def test_a_token_that_cannot_be_signed_is_not_issued(
    provider: Provider, system: System, own_keys: SoftwareKeys, failure: str
) -> None:
    provider.issue(system)
    own_keys.failure = failure
    answer = provider.token(system)
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"]
    assert "access_token" not in answer.json
    own_keys.failure = ""
    assert provider.token(system).status_code == 200


def test_a_stopped_key_process_is_found_again(
    provider: Provider, system: System, own_keys: SoftwareKeys
) -> None:
    provider.issue(system)
    own_keys.stop()
    assert provider.token(system).status_code == 503
    assert provider.client.get("/readyz").json["key_process"] == "unavailable"
    # The keys are public knowledge: what was known is still told.
    assert len(provider.client.get("/jwks").json["keys"]) == 2
    own_keys.start()
    statuses = []
    for _ in range(100):
        statuses.append(provider.token(system).status_code)
        if statuses[-1] == 200:
            break
        time.sleep(0.05)
    assert statuses[-1] == 200
    assert provider.client.get("/readyz").status_code == 200


def test_keys_that_were_never_known_are_not_invented(provider: Provider, own_keys: SoftwareKeys) -> None:
    own_keys.failure = "TokenUnavailable"
    answer = provider.client.get("/jwks")
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")


def test_a_retired_key_is_replaced_within_the_request(
    provider: Provider, system: System, own_keys: SoftwareKeys
) -> None:
    """An emergency: the key that this worker knows may no longer sign."""
    provider.issue(system)
    own_keys.add_key("es-2", "ES256")
    answer = provider.token(system)
    assert answer.status_code == 200
    assert parts(answer.json["access_token"])[0]["kid"] == "es-2"


def test_an_algorithm_without_a_key_is_unavailable(provider: Provider, own_keys: SoftwareKeys) -> None:
    own_keys.current = ["es-1"]
    system = provider.register(token_algorithm="RS256")
    assert provider.token(system).status_code == 503


def test_the_list_of_keys_is_not_asked_for_at_each_request(
    provider: Provider, system: System, own_keys: SoftwareKeys
) -> None:
    for _ in range(5):
        provider.issue(system)
        provider.client.get("/jwks")
    assert own_keys.listed == 1
    assert own_keys.signed == 5


class Listing:
    """A key process that lists what the test says."""

    def __init__(self, keys: list[TokenKey]) -> None:
        self.keys = keys

    def token_keys(self) -> list[TokenKey]:
        return self.keys

    def sign_token(self, kid: str, signing_input: bytes) -> bytes:
        raise KeyProcessUnavailable("away")

    def healthy(self) -> bool:
        return False

    def close(self) -> None: ...


def test_two_keys_of_one_kid_are_not_published(shared_keys: SoftwareKeys) -> None:
    jwk: dict[str, Any] = shared_keys.keys["es-1"][1].as_dict(private=False)
    twice = Listing([TokenKey("k", "ES256", jwk, current=True), TokenKey("k", "ES256", jwk, current=False)])
    keys = TokenKeys(lambda: twice, token_typ="at+jwt", keep_seconds=60, monotonic=lambda: 0.0)
    with pytest.raises(KeysUnavailable):
        keys.published()


def test_two_apps_in_one_process_are_strangers(
    tmp_path: Path, redis_url: str, own_keys: SoftwareKeys, shared_keys: SoftwareKeys
) -> None:
    first = Provider(tmp_path, redis_url=redis_url, key_process=own_keys.target)
    (tmp_path / "second").mkdir()
    second = Provider(tmp_path / "second", redis_url=redis_url, key_process=shared_keys.target)
    system = first.register("only-in-the-first")
    assert first.token(system).status_code == 200
    assert second.token(system).status_code == 401
    metrics = create_app(second.settings).test_client().get("/metrics").text
    assert 'endpoint="/token"' not in metrics


def test_the_header_is_encoded_without_padding() -> None:
    assert encode_header({"alg": "ES256"}) == b"eyJhbGciOiJFUzI1NiJ9"
