"""KEKs are born in the vault and carried to working tokens; only the vault wraps a key anew."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from pkcs11 import KeyType, ObjectClass
from pkcs11.constants import Attribute
from pkcs11.exceptions import AttributeSensitive, PKCS11Error

from hsm.algorithms import KeyKind, SignatureAlgorithm
from hsm.errors import KeyNotFound, MechanismRefused
from hsm.token import templates
from hsm.token.cryptoki import Cryptoki, Mechanism
from hsm.token.token import Token, TokenSettings, WrappedKeyRef
from hsm.token.vault import Vault, carry_kek
from hsm.token.vendors import get_vendor
from tests.hsm.token.signature_check import check_signature
from tests.servers.softhsm import SoftHsmTokenFactory

VENDOR = get_vendor("softhsm")


@pytest.fixture(scope="module")
def working(softhsm_token: SoftHsmTokenFactory) -> TokenSettings:
    return softhsm_token.fresh()


@pytest.fixture(scope="module")
def token(working: TokenSettings) -> Iterator[Token]:
    opened = Token.open(working)
    opened.make_canary()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def vault(softhsm_token: SoftHsmTokenFactory) -> Iterator[Vault]:
    opened = Vault.open(softhsm_token.fresh())
    opened.make_canary()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def keks(vault: Vault, token: Token) -> tuple[str, str]:
    for label in ("kek-a", "kek-b"):
        vault.make_kek(label)
        carry_kek(vault, token, label)
    return "kek-a", "kek-b"


@pytest.fixture
def intruder(working: TokenSettings, token: Token) -> Iterator[Any]:
    """A session of someone who got into the key process, with the working token's login."""
    session = token._module.library.get_token(token_label=working.token_label).open(rw=True)
    yield session
    session.close()


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [(KeyKind.P256, SignatureAlgorithm.ES256), (KeyKind.RSA3072, SignatureAlgorithm.PS256)],
)
def test_a_key_that_was_wrapped_anew_is_the_same_key(
    vault: Vault, token: Token, keks: tuple[str, str], kind: KeyKind, algorithm: SignatureAlgorithm
) -> None:
    old, new = keks
    made = token.generate_wrapped_key(old, kind)
    blob = vault.rewrap(WrappedKeyRef(old, made.blob), algorithm, new)
    digest = secrets.token_bytes(32)
    for ref in (WrappedKeyRef(old, made.blob), WrappedKeyRef(new, blob)):
        check_signature(made.spki, algorithm, digest, token.sign(ref, algorithm, digest))
    with pytest.raises(MechanismRefused):
        token.sign(WrappedKeyRef(old, blob), algorithm, digest)


def test_a_carried_kek_wraps_and_unwraps_and_nothing_else(keks: tuple[str, str], intruder: Any) -> None:
    wanted = {Attribute.LABEL: keks[0], Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.TOKEN: True}
    (kek,) = intruder.get_objects(wanted)
    assert all(kek[Attribute[name]] for name in ("WRAP", "UNWRAP", "SENSITIVE", "PRIVATE"))
    for name in ("EXTRACTABLE", "ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "DERIVE", "MODIFIABLE", "COPYABLE"):
        assert not kek[Attribute[name]], name
    with pytest.raises(AttributeSensitive):
        kek[Attribute.VALUE]
    for more in (Attribute.DECRYPT, Attribute.EXTRACTABLE, Attribute.MODIFIABLE):
        with pytest.raises(PKCS11Error):
            kek[more] = True
        with pytest.raises(PKCS11Error):
            kek.copy({Attribute.TOKEN: False, more: True})


def test_the_working_token_still_lets_no_key_out(
    working: TokenSettings, token: Token, keks: tuple[str, str], intruder: Any
) -> None:
    """Whoever sits in the key process cannot do what the vault does."""
    blob = token.generate_wrapped_key(keks[0], KeyKind.P256).blob
    wanted = {Attribute.LABEL: keks[0], Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.TOKEN: True}
    (kek,) = intruder.get_objects(wanted)
    cryptoki, wrap = Cryptoki(working.module), Mechanism(VENDOR.wrap_mechanism)
    weak = templates.key_to_wrap_again(VENDOR, KeyType.EC)
    with pytest.raises(PKCS11Error):
        cryptoki.unwrap_key(intruder.handle, kek.handle, blob, wrap, weak)
    honest = templates.unwrapped_private_key(VENDOR, KeyType.EC)
    key = cryptoki.unwrap_key(intruder.handle, kek.handle, blob, wrap, honest)
    with pytest.raises(PKCS11Error):
        cryptoki.wrap_key(intruder.handle, kek.handle, key, wrap)
    with pytest.raises(PKCS11Error):
        cryptoki.wrap_key(intruder.handle, kek.handle, kek.handle, wrap)
    cryptoki.destroy_object(intruder.handle, key)


def test_nothing_is_carried_or_made_twice(vault: Vault, token: Token, keks: tuple[str, str]) -> None:
    with pytest.raises(MechanismRefused):
        vault.make_kek(keks[0])
    with pytest.raises(MechanismRefused):
        carry_kek(vault, token, keks[0])
    with pytest.raises(KeyNotFound):
        carry_kek(vault, token, "kek-that-is-not")


def test_a_kek_of_the_token_alone_is_not_wrapped_anew(
    vault: Vault, token: Token, keks: tuple[str, str]
) -> None:
    token.generate_kek("kek-alone")
    made = token.generate_wrapped_key("kek-alone", KeyKind.P256)
    with pytest.raises(KeyNotFound):
        vault.rewrap(WrappedKeyRef("kek-alone", made.blob), SignatureAlgorithm.ES256, keks[1])


def test_a_destroyed_kek_unwraps_nothing(vault: Vault, token: Token) -> None:
    vault.make_kek("kek-c")
    carry_kek(vault, token, "kek-c")
    made = token.generate_wrapped_key("kek-c", KeyKind.P256)
    ref = WrappedKeyRef("kek-c", made.blob)
    token.sign(ref, SignatureAlgorithm.ES256, bytes(32))
    token.destroy_kek("kek-c")
    with pytest.raises(KeyNotFound):
        token.sign(ref, SignatureAlgorithm.ES256, bytes(32))
