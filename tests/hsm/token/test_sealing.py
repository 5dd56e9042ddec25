"""Short secrets sealed by a key of the token: unreadable without it, and in their own context only."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pkcs11 import ObjectClass
from pkcs11.constants import Attribute
from pkcs11.exceptions import AttributeSensitive

from hsm.algorithms import KeyKind
from hsm.errors import KeyNotFound, MechanismRefused, TokenError
from hsm.token.token import Token

SEALER = "a sealing key"


@pytest.fixture(scope="session")
def sealer(token: Token) -> str:
    token.generate_sealing_key(SEALER)
    return SEALER


@settings(
    deadline=None, max_examples=50,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.binary(max_size=600), st.binary(max_size=40))
def test_what_is_sealed_opens_in_its_own_context_only(
    token: Token, sealer: str, data: bytes, context: bytes
) -> None:
    sealed = token.seal(sealer, data, context)
    assert token.unseal(sealer, sealed, context) == data
    assert len(data) < 8 or data not in sealed
    with pytest.raises(MechanismRefused):
        token.unseal(sealer, sealed, context + b"x")


def test_the_same_secret_is_never_sealed_alike(token: Token, sealer: str) -> None:
    assert len({token.seal(sealer, b"secret", b"an") for _ in range(50)}) == 50


def test_a_changed_or_cut_secret_does_not_open(token: Token, sealer: str) -> None:
    sealed = token.seal(sealer, b"secret", b"an")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(MechanismRefused):
            token.unseal(sealer, bytes(changed), b"an")
    for cut in (sealed[:-1], sealed[:20], sealed[:1], b""):
        with pytest.raises(MechanismRefused):
            token.unseal(sealer, cut, b"an")
    assert token.unseal(sealer, sealed, b"an") == b"secret"


def test_another_key_opens_nothing(token: Token, sealer: str, label: str) -> None:
    token.generate_sealing_key(label)
    sealed = token.seal(sealer, b"secret", b"an")
    with pytest.raises(MechanismRefused):
        token.unseal(label, sealed, b"an")
    with pytest.raises(KeyNotFound):
        token.unseal("no such key", sealed, b"an")
    with pytest.raises(MechanismRefused):
        token.seal(sealer, b"x" * 5000, b"an")


def test_a_sealing_key_seals_and_is_no_way_to_a_signing_key(
    token: Token, sealer: str, kek: str, object_of: Callable[[str, ObjectClass], Any]
) -> None:
    key = object_of(sealer, ObjectClass.SECRET_KEY)
    for name in ("EXTRACTABLE", "WRAP", "UNWRAP", "SIGN", "DERIVE", "MODIFIABLE"):
        assert not key[Attribute[name]], name
    with pytest.raises(AttributeSensitive):
        key[Attribute.VALUE]
    with pytest.raises(TokenError):
        token.generate_wrapped_key(sealer, KeyKind.P256)
    with pytest.raises(TokenError):
        token.seal(kek, b"secret", b"an")
