"""The vault: a token of its own in which KEKs are born, and the only place where a key is wrapped anew.

A key that the working token unwraps can never be wrapped again: its KEK's CKA_UNWRAP_TEMPLATE makes every
key that comes out of it not extractable, so whoever sits in the key process takes none away. To wrap
it under another KEK it must be extractable for a moment. So each KEK has a twin, in the vault, without
that template. The vault has a PIN of its own, which the key process never has; it is opened for a
ceremony, and no key leaves either token in clear.

A KEK travels from the vault to a working token under an RSA key that the working token makes for this
once (PKCS#11 v2.40 §5.14, RSA-OAEP). So the same KEK can be carried to a second working token too.
"""

import struct
from contextlib import suppress

from pkcs11 import KeyType, MechanismFlag, ObjectClass
from pkcs11.constants import Attribute as A  # noqa: N817 - as in templates
from pkcs11.exceptions import PKCS11Error

from hsm.algorithms import SignatureAlgorithm
from hsm.errors import MechanismRefused
from hsm.token import keys, signing, templates
from hsm.token.cryptoki import Mechanism
from hsm.token.generation import Generation
from hsm.token.token import Token, WrappedKeyRef

_TRANSPORT_BITS = 3072
# CKM_RSA_PKCS_OAEP with CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED: the one that every module has, and
# OAEP asks no collision resistance of its hash (RFC 8017 §7.1).
_OAEP = Mechanism(0x09, struct.pack("LLLPL", 0x220, 1, 1, 0, 0))


class Vault(Token):
    """A token opened with the vault's PIN. For ceremonies; the key process has none."""

    def make_kek(self, label: str) -> None:
        """An AES-256 KEK that can be carried to working tokens. Raises MechanismRefused if there is one."""
        template = templates.vault_kek(self._vendor)

        def act(generation: Generation) -> None:
            with generation.pool.checkout() as session:
                if keys.exists(generation.cryptoki, session.handle, label, ObjectClass.SECRET_KEY):
                    raise MechanismRefused(f"The vault has a KEK called {label!r} already.")
                session.generate_key(
                    KeyType.AES, 256, label=label, store=True,
                    capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP, template=template,
                )  # fmt: skip

        self._recovery.run(act, label=label)

    def rewrap(self, ref: WrappedKeyRef, algorithm: SignatureAlgorithm, kek_label: str) -> bytes:
        """The same key wrapped under another KEK of the vault.

        Raises KeyNotFound when the vault lacks a KEK, MechanismRefused for a damaged blob.
        """
        template = templates.key_to_wrap_again(self._vendor, signing.key_type_of(algorithm))

        def act(generation: Generation) -> bytes:
            with generation.pool.checkout() as session:
                old, new = (generation.kek(session, label) for label in (ref.kek_label, kek_label))
                key = generation.cryptoki.unwrap_key(session.handle, old, ref.blob, self._wrap, template)
                try:
                    return generation.cryptoki.wrap_key(session.handle, new, key, self._wrap)
                finally:
                    generation.cryptoki.destroy_object(session.handle, key)

        return self._recovery.run(act, label=ref.kek_label)

    def send_kek(self, label: str, modulus: bytes, exponent: bytes) -> bytes:
        """The KEK encrypted to this RSA key (RSA-OAEP). Raises KeyNotFound."""

        def act(generation: Generation) -> bytes:
            with generation.pool.checkout() as session:
                kek = generation.kek(session, label)
                public = session.create_object(
                    {
                        A.CLASS: ObjectClass.PUBLIC_KEY, A.KEY_TYPE: KeyType.RSA, A.TOKEN: False,
                        A.WRAP: True, A.ENCRYPT: False, A.VERIFY: False,
                        A.MODULUS: modulus, A.PUBLIC_EXPONENT: exponent,
                    }
                )  # fmt: skip
                try:
                    return generation.cryptoki.wrap_key(session.handle, public.handle, kek, _OAEP)
                finally:
                    generation.cryptoki.destroy_object(session.handle, public.handle)

        return self._recovery.run(act, label=label)


def carry_kek(vault: Vault, token: Token, label: str) -> None:
    """Put a KEK of the vault into a working token, where it wraps and unwraps and does nothing else.

    Raises MechanismRefused when the working token has a key of this label, KeyNotFound when the vault
    has none.
    """
    vendor = token._vendor
    private = vendor.accepted({A.SENSITIVE: True, A.EXTRACTABLE: False, A.SIGN: False, A.DECRYPT: False})

    def act(generation: Generation) -> None:
        cryptoki = generation.cryptoki
        with generation.pool.checkout() as session:
            if keys.exists(cryptoki, session.handle, label, ObjectClass.SECRET_KEY):
                raise MechanismRefused(f"The token has a key called {label!r} already.")
            pair = session.generate_keypair(
                KeyType.RSA, _TRANSPORT_BITS, store=False,
                capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP, private_template=private,
            )  # fmt: skip
            public, secret = (half.handle for half in pair)
            try:
                blob = vault.send_kek(
                    label,
                    cryptoki.attribute(session.handle, public, A.MODULUS),
                    cryptoki.attribute(session.handle, public, A.PUBLIC_EXPONENT),
                )
                template, buffers = templates.carried_kek(vendor, label)
                cryptoki.unwrap_key(session.handle, secret, blob, _OAEP, template)
                del buffers
            finally:
                with suppress(PKCS11Error):
                    keys.destroy(cryptoki, session.handle, public, secret)

    token._recovery.run(act, label=label)
