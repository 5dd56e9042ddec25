"""Keys at a client's jwks_uri: fetched, kept, fetched again for a new kid, and no more often than that."""

from typing import Any

import orjson
import pytest
from joserfc.jwk import ECKey, OctKey

from idp.errors import InvalidClient, OutboundFailed
from idp.outbound.client import Answer
from idp.outbound.client_keys import AGAIN_SECONDS, KEPT_SECONDS, ClientKeys
from idp.protocol.client import Client
from idp.protocol.client_metadata import ClientMetadata

URI = "https://one-stop.example.gov.vn/jwks"


class Published:
    """What stands at the address: ``keys`` by kid, or a failure."""

    def __init__(self) -> None:
        self.keys: list[Any] = []
        self.asked = 0
        self.status = 200
        self.fails = False

    def get(self, url: str) -> Answer:
        assert url == URI
        self.asked += 1
        if self.fails:
            raise OutboundFailed(detail="timeout")
        return Answer(self.status, "application/json", orjson.dumps({"keys": self.keys}))


@pytest.fixture
def published() -> Published:
    found = Published()
    found.keys = [jwk("old")]
    return found


@pytest.fixture
def moment() -> list[float]:
    return [1000.0]


@pytest.fixture
def keys(published: Published, moment: list[float]) -> ClientKeys:
    return ClientKeys(published, lambda: moment[0])  # type: ignore[arg-type]


def jwk(kid: str, **changes: str) -> dict[str, Any]:
    return {**ECKey.generate_key("P-256").as_dict(private=False), "kid": kid, **changes}


def client() -> Client:
    return Client(
        "rp", "", "", True, "ES256", (), (), frozenset(), frozenset(), {}, {}, ClientMetadata(jwks_uri=URI)
    )


def test_a_new_kid_is_looked_up_and_then_not_again_for_a_while(
    keys: ClientKeys, published: Published, moment: list[float]
) -> None:
    """OIDCC refresh-token-rp-key-rotation"""
    assert set(keys.with_key(client(), "old").keys) == {"old"}
    published.keys = [jwk("new")]
    for _ in range(5):
        assert set(keys.with_key(client(), "new").keys) == {"old"}
    assert published.asked == 1, "strangers' kids cause no requests in a row"
    moment[0] += AGAIN_SECONDS
    assert set(keys.with_key(client(), "new").keys) == {"new"}
    assert published.asked == 2


def test_the_last_keys_serve_while_the_address_is_away(
    keys: ClientKeys, published: Published, moment: list[float]
) -> None:
    keys.with_key(client(), "old")
    published.fails = True
    moment[0] += KEPT_SECONDS
    assert set(keys.with_key(client(), "old").keys) == {"old"}


@pytest.mark.parametrize("broken", ["fails", "status", "not keys", "shared secret"])
def test_what_cannot_be_read_at_first_lets_nobody_in(
    keys: ClientKeys, published: Published, broken: str
) -> None:
    published.fails = broken == "fails"
    published.status = 404 if broken == "status" else 200
    if broken == "not keys":
        published.keys = ["x"]
    if broken == "shared secret":
        published.keys = [OctKey.generate_key(256).as_dict()]
    with pytest.raises(InvalidClient):
        keys.with_key(client(), "old")


def test_keys_of_unknown_kinds_are_left_out_and_uses_are_kept_apart(
    keys: ClientKeys, published: Published
) -> None:
    published.keys = [{"kty": "new", "kid": "x"}, jwk("sig", use="sig"), jwk("enc", use="enc"), jwk("both")]
    found = keys.with_key(client(), None)
    assert set(found.keys) == {"sig", "both"}
    assert set(found.encryption_keys) == {"enc", "both"}
