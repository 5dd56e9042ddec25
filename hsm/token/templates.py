"""The attributes that keys are made with: what a key may do, and that this cannot be changed.

A signing key signs and nothing else; a KEK wraps and unwraps and nothing else. ``MODIFIABLE`` and
``COPYABLE`` false matter as much as ``EXTRACTABLE``: without them whoever holds a session gives the KEK
CKA_DECRYPT (or copies it so) and undoes RFC 5649 outside the token with AES-ECB.
"""

import ctypes

from pkcs11 import KeyType, ObjectClass
from pkcs11.constants import Attribute as A  # noqa: N817 - every line below begins with it

from hsm.token.cryptoki import pack_attributes
from hsm.token.vendors import Vendor

Template = dict[int, bool | int]

# python-pkcs11 adds CKA_DERIVE false to what it generates; a module may not know it for an RSA key to unwrap
_SIGN_ONLY: Template = {
    A.SIGN: True,
    A.SIGN_RECOVER: False,
    A.DECRYPT: False,
    A.UNWRAP: False,
}
_FIXED: Template = {A.MODIFIABLE: False, A.COPYABLE: False}
_HIDDEN: Template = {A.PRIVATE: True, A.SENSITIVE: True, A.EXTRACTABLE: False}
_UNWRAPPED: Template = {
    A.CLASS: int(ObjectClass.PRIVATE_KEY),
    A.TOKEN: False,
    **_SIGN_ONLY,
    # not MODIFIABLE: SoftHSM would refuse the key's own components after it. EXTRACTABLE goes one way only
    A.COPYABLE: False,
    **_HIDDEN,
}


def token_private_key(vendor: Vendor) -> Template:
    """A private key that lives and dies in the token."""
    return vendor.accepted({**_SIGN_ONLY, **_HIDDEN, **_FIXED})


def wrappable_private_key(vendor: Vendor) -> Template:
    """A session private key made to be wrapped once: extractable in wrapped form only, then destroyed."""
    trusted: Template = {A.WRAP_WITH_TRUSTED: True} if vendor.trusted else {}
    return vendor.accepted({**_SIGN_ONLY, **_HIDDEN, **_FIXED, A.EXTRACTABLE: True, **trusted})


def unwrapped_private_key(vendor: Vendor, key_type: KeyType) -> Template:
    """What a wrapped key becomes for one use."""
    extra = {int(number, 16): value for number, value in vendor.unwrap_extra.items()}
    return {**vendor.accepted({A.KEY_TYPE: int(key_type), **_UNWRAPPED}), **extra}


def sealing_key(vendor: Vendor) -> Template:
    """AES-256 that encrypts and decrypts, and does nothing else: it is no way to a key."""
    return vendor.accepted(
        {**_HIDDEN, **_FIXED, A.WRAP: False, A.UNWRAP: False, A.ENCRYPT: True, A.DECRYPT: True,
         A.SIGN: False, A.VERIFY: False, A.DERIVE: False}
    )  # fmt: skip


def kek(vendor: Vendor) -> tuple[dict[int, object], list[object]]:
    """AES-256 that wraps and unwraps; and the buffers that must outlive its making.

    Where the module enforces CKA_UNWRAP_TEMPLATE, whatever the KEK unwraps has these attributes,
    whatever the caller asks for.
    """
    template: dict[int, object] = {
        **_HIDDEN, **_FIXED,
        A.WRAP: True, A.UNWRAP: True, A.ENCRYPT: False, A.DECRYPT: False, A.SIGN: False, A.VERIFY: False,
        A.DERIVE: False,
    }  # fmt: skip
    buffers: list[object] = []
    if vendor.trusted:
        template[A.TRUSTED] = True
    if vendor.unwrap_template:
        array, buffers = pack_attributes(vendor.accepted(_UNWRAPPED))
        template[A.UNWRAP_TEMPLATE] = array
        buffers.append(array)
    return vendor.accepted(template), buffers


def vault_kek(vendor: Vendor) -> Template:
    """A KEK's twin in the vault: it may be carried to a working token, and what it unwraps wrapped again."""
    return vendor.accepted(
        {**_HIDDEN, **_FIXED, A.EXTRACTABLE: True, A.WRAP: True, A.UNWRAP: True, A.ENCRYPT: False,
         A.DECRYPT: False, A.SIGN: False, A.VERIFY: False, A.DERIVE: False}
    )  # fmt: skip


def key_to_wrap_again(vendor: Vendor, key_type: KeyType) -> Template:
    """What a wrapped key becomes in the vault between two KEKs: it signs nothing."""
    honest = unwrapped_private_key(vendor, key_type)
    return {**honest, A.SIGN: False, A.EXTRACTABLE: True}


def carried_kek(vendor: Vendor, label: str) -> tuple[dict[int, bool | int | bytes], list[object]]:
    """What ``kek`` says, for C_UnwrapKey; and the buffers that must outlive the call."""
    made, buffers = kek(vendor)
    template: dict[int, bool | int | bytes] = {
        A.CLASS: int(ObjectClass.SECRET_KEY), A.KEY_TYPE: int(KeyType.AES), A.TOKEN: True,
        A.LABEL: label.encode(),
    }  # fmt: skip
    for kind, value in made.items():
        if kind == A.UNWRAP_TEMPLATE:
            template[kind] = ctypes.string_at(value, ctypes.sizeof(value))  # type: ignore[arg-type]
        elif isinstance(value, bool | int):
            template[kind] = value
    # Last: SoftHSM refuses every attribute that follows it.
    modifiable = template.pop(A.MODIFIABLE, None)
    if modifiable is not None:
        template[A.MODIFIABLE] = modifiable
    return template, buffers
