"""What dies together when a token is lost: its sessions, its login, and every handle found through them."""

from contextlib import suppress
from typing import Any

from pkcs11 import ObjectClass
from pkcs11.exceptions import PKCS11Error

from hsm.token import keys
from hsm.token.module import Module
from hsm.token.pin import Pin
from hsm.token.sessions import SessionPool, Waits, open_session
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
        self._handles: dict[tuple[str, ObjectClass], int] = {}

    def handle(self, session: Any, label: str, object_class: ObjectClass) -> int:
        """The handle of a token object, good in every session. C_FindObjects is O(keys): asked once."""
        known = self._handles.get((label, object_class))
        if known is None:
            known = keys.find(session, label, object_class).handle
            self._handles[label, object_class] = known
        return known

    def forget(self, label: str) -> None:
        """Look this label up again next time."""
        for object_class in (ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY):
            self._handles.pop((label, object_class), None)

    def close(self) -> None:
        """Close idle sessions and the login; errors do not matter any more."""
        self.pool.close_idle()
        with suppress(PKCS11Error):
            self._login_session.close()
