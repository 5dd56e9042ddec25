"""What someone who sits in the key process, logged in, still cannot take out of the token."""

import ctypes
from collections.abc import Callable
from typing import Any

import pytest
from pkcs11 import KeyType, ObjectClass
from pkcs11.constants import Attribute
from pkcs11.exceptions import AttributeSensitive, AttributeTypeInvalid, KeyTypeInconsistent, PKCS11Error

from hsm.algorithms import KeyKind
from hsm.token import templates
from hsm.token.cryptoki import Cryptoki, Mechanism
from hsm.token.faults import KeyFunctionNotPermitted, error_of
from hsm.token.token import Token, TokenSettings
from hsm.token.vendors import Vendor

Find = Callable[[str, ObjectClass], Any]
_C_DECRYPT_INIT = 34  # position in CK_FUNCTION_LIST
_CKM_AES_ECB = 0x1081


def attributes(item: Any, *names: str) -> dict[str, bool]:
    """Those of the boolean attributes that the object has."""
    found = {}
    for name in names:
        try:
            found[name] = bool(item[Attribute[name]])
        except AttributeTypeInvalid:
            continue
    return found


@pytest.mark.parametrize("kind", [KeyKind.P256, KeyKind.RSA3072])
def test_a_signing_key_signs_and_nothing_else(
    token: Token, label: str, object_of: Find, kind: KeyKind
) -> None:
    token.generate_token_key(label, kind)
    private = object_of(label, ObjectClass.PRIVATE_KEY)
    assert attributes(private, "SENSITIVE", "PRIVATE", "NEVER_EXTRACTABLE", "ALWAYS_SENSITIVE", "SIGN") == {
        "SENSITIVE": True, "PRIVATE": True, "NEVER_EXTRACTABLE": True, "ALWAYS_SENSITIVE": True, "SIGN": True,
    }  # fmt: skip
    more = attributes(private, "EXTRACTABLE", "DECRYPT", "UNWRAP", "DERIVE", "SIGN_RECOVER", "MODIFIABLE")
    assert not any(more.values()), more
    secret = Attribute.VALUE if kind is KeyKind.P256 else Attribute.PRIVATE_EXPONENT
    with pytest.raises(AttributeSensitive):
        private[secret]


def test_a_kek_wraps_and_nothing_else(token: Token, kek: str, object_of: Find, vendor: Vendor) -> None:
    key = object_of(kek, ObjectClass.SECRET_KEY)
    assert all(attributes(key, "WRAP", "UNWRAP", "SENSITIVE", "PRIVATE", "NEVER_EXTRACTABLE").values())
    more = attributes(key, "EXTRACTABLE", "ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "DERIVE", "MODIFIABLE")
    assert not any(more.values()), more
    assert attributes(key, "TRUSTED").get("TRUSTED", False) is vendor.trusted
    with pytest.raises(AttributeSensitive):
        key[Attribute.VALUE]


def test_a_kek_does_not_undo_the_wrapping_by_aes_ecb(
    settings: TokenSettings, kek: str, object_of: Find, intruder: Any
) -> None:
    key = object_of(kek, ObjectClass.SECRET_KEY)
    refusal = KeyFunctionNotPermitted if settings.vendor == "softhsm" else KeyTypeInconsistent
    with pytest.raises(refusal):
        decrypt_init(settings, intruder.handle, key.handle, Mechanism(_CKM_AES_ECB))


def test_a_kek_is_not_given_decrypt_later(kek: str, object_of: Find) -> None:
    key = object_of(kek, ObjectClass.SECRET_KEY)
    for more in (Attribute.DECRYPT, Attribute.ENCRYPT, Attribute.EXTRACTABLE):
        with pytest.raises(PKCS11Error):
            key[more] = True
    assert not any(attributes(key, "DECRYPT", "ENCRYPT", "EXTRACTABLE").values())


def test_a_copy_is_not_weaker_than_its_original(
    token: Token, label: str, kek: str, object_of: Find, vendor: Vendor
) -> None:
    if "COPYABLE" in vendor.drop:
        assert vendor.name == "softokn"  # the vendor file says that it is no safe, and why
        return
    token.generate_token_key(label, KeyKind.P256)
    for name, object_class in ((kek, ObjectClass.SECRET_KEY), (label, ObjectClass.PRIVATE_KEY)):
        for change in ({Attribute.DECRYPT: True}, {Attribute.EXTRACTABLE: True}, {}):
            with pytest.raises(PKCS11Error):
                object_of(name, object_class).copy({Attribute.TOKEN: False, **change})


def test_an_unwrapped_key_is_never_extractable(
    token: Token, settings: TokenSettings, kek: str, object_of: Find, intruder: Any, vendor: Vendor
) -> None:
    blob = token.generate_wrapped_key(kek, KeyKind.P256).blob
    key, cryptoki = object_of(kek, ObjectClass.SECRET_KEY).handle, Cryptoki(settings.module)
    wrap, honest = Mechanism(vendor.wrap_mechanism), templates.unwrapped_private_key(vendor, KeyType.EC)
    mine = cryptoki.unwrap_key(intruder.handle, key, blob, wrap, honest)
    cryptoki.destroy_object(intruder.handle, mine)
    if not vendor.unwrap_template:
        return  # nothing holds the intruder back there; the vendor file says so
    for weaker in ({Attribute.EXTRACTABLE: True}, {Attribute.SENSITIVE: False}, {Attribute.UNWRAP: True}):
        with pytest.raises(PKCS11Error):
            cryptoki.unwrap_key(intruder.handle, key, blob, wrap, {**honest, **weaker})


def decrypt_init(settings: TokenSettings, session: int, key: int, mechanism: Mechanism) -> None:
    """C_DecryptInit, which the key process never calls."""
    library = ctypes.CDLL(str(settings.module))
    functions = ctypes.POINTER(ctypes.c_void_p)()
    assert library.C_GetFunctionList(ctypes.byref(functions)) == 0
    call = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong)(
        functions[_C_DECRYPT_INIT] or 0
    )
    code = call(session, ctypes.cast(mechanism.pointer, ctypes.c_void_p), key)
    if code:
        raise error_of(code)
