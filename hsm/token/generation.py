"""What dies together when a token is lost: its sessions, its login, and every handle found through them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pkcs11 import KeyType, ObjectClass
from pkcs11.exceptions import PKCS11Error

from hsm.errors import MechanismRefused
from hsm.token import keys
from hsm.token.cryptoki import Mechanism
from hsm.token.module import Module
from hsm.token.pin import Pin
from hsm.token.sessions import SessionPool, Waits, open_session
from hsm.token.templates import Template
from hsm.token.vendors import Vendor


class Generation:
    """One login of one token in one epoch of its module. Use it inside ``module.within(epoch)`` only."""

    def __init__(
        self,
        module: Module,
        vendor: Vendor,
        pin: Pin,
        *,
        epoch: int,
        token_label: str,
        capacity: int,
        acquire_timeout: float,
        waits: Waits,
    ) -> None:
        """Find the token and log in. Raises PKCS11Error, PinRejected, TokenUnavailable."""
        self.cryptoki = module.cryptoki
        self.vendor = vendor
        self.epoch = epoch
        token = module.library.get_token(token_label=token_label)
        self._login_session = open_session(token)
        try:
            if vendor.login:
                pin.log_in(module.cryptoki, self._login_session.handle, token.flags)
        except BaseException:
            with suppress(PKCS11Error):
                self._login_session.close()
            raise
        self.pool = SessionPool(token, capacity=capacity, acquire_timeout=acquire_timeout, waits=waits)
        self._handles: dict[tuple[str, ObjectClass], tuple[int, KeyType]] = {}

    def private_key(self, session: Any, label: str, key_type: KeyType) -> int:
        """The handle of a private key in the token, good in every session. Raises as ``keys.find``;
        MechanismRefused if the key is of another type."""
        return self._handle(session, label, ObjectClass.PRIVATE_KEY, key_type)

    def kek(self, session: Any, label: str) -> int:
        """The handle of a key-encryption key, likewise."""
        return self._handle(session, label, ObjectClass.SECRET_KEY, KeyType.AES)

    @contextmanager
    def unwrapped(
        self, session: Any, kek_label: str, blob: bytes, mechanism: Mechanism, template: Template
    ) -> Iterator[int]:
        """The handle of a wrapped key as a session object, destroyed at the end.

        Raises MechanismRefused if the blob was not wrapped by this KEK.
        """
        if len(blob) < 16 or len(blob) % 8:  # RFC 5649 §4: no KEK makes such a blob
            raise MechanismRefused("The wrapped key is damaged.", detail=f"{len(blob)} bytes")
        kek = self.kek(session, kek_label)
        key = self.cryptoki.unwrap_key(session.handle, kek, blob, mechanism, template)
        try:
            yield key
        finally:
            self.cryptoki.destroy_object(session.handle, key)

    def _handle(self, session: Any, label: str, object_class: ObjectClass, key_type: KeyType) -> int:
        known = self._handles.get((label, object_class))
        if known is None:
            # C_FindObjects is O(keys): asked once
            handle = keys.find(self.cryptoki, session.handle, label, object_class)
            known = (handle, keys.key_type_of(self.cryptoki, session.handle, handle))
            self._handles[label, object_class] = known
        # SoftHSM 2.6.1 does not look: RSA with an EC key is a segmentation fault
        if known[1] != key_type:
            raise MechanismRefused(
                f"The key is {known[1].name}, and {key_type.name} was asked for.", detail=label
            )
        return known[0]

    def forget(self, label: str) -> None:
        """Look this label up again next time."""
        for object_class in (ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY):
            self._handles.pop((label, object_class), None)

    def close(self) -> None:
        """Close idle sessions and the login; errors do not matter any more."""
        self.pool.close_idle()
        with suppress(PKCS11Error):
            self._login_session.close()
