"""The PIN: read from a file, tried once.

A token locks after a few wrong PINs (three is usual) and then only the security officer opens it. So a
refused PIN is remembered and not tried again, whatever is re-initialised, until the file says another.
"""

import hmac
import secrets
import threading
from pathlib import Path

from pkcs11 import TokenFlag
from pkcs11.exceptions import PKCS11Error, UserAlreadyLoggedIn

from hsm.errors import PinRejected, TokenUnavailable
from hsm.token.cryptoki import Cryptoki
from hsm.token.faults import Fault, fault_of


class Pin:
    """The PIN in ``path``; a trailing newline is not part of it. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._salt = secrets.token_bytes(32)
        self._rejected: set[bytes] = set()
        self._lock = threading.Lock()

    def log_in(self, cryptoki: Cryptoki, session: int, flags: TokenFlag) -> None:
        """C_Login with the PIN, unless it is known to be wrong or one more failure would lock the token.

        Raises PinRejected; TokenUnavailable if the file cannot be read; PKCS11Error for a sick token.
        """
        with self._lock:
            pin = self._read()
            mark = hmac.digest(self._salt, pin.encode(), "sha256")
            if mark in self._rejected:
                raise PinRejected(
                    "The token refused the PIN.", detail="not tried again: put the right PIN in the file"
                )
            check_tries_left(flags)
            try:
                cryptoki.login(session, pin)
            except UserAlreadyLoggedIn:
                return  # another Token object of this process logged in: the state is shared
            except PKCS11Error as refused:
                if fault_of(refused) is not Fault.PIN:
                    raise
                self._rejected.add(mark)
                raise PinRejected("The token refused the PIN.", detail=type(refused).__name__) from None

    def _read(self) -> str:
        try:
            return self._path.read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as unreadable:
            raise TokenUnavailable(
                "The token is closed.", detail=f"PIN file {self._path}: {type(unreadable).__name__}"
            ) from None


def check_tries_left(flags: TokenFlag) -> None:
    """Raise PinRejected if the token is locked, or if one more wrong PIN would lock it.

    A service that is restarted again and again with a wrong PIN would spend one try a start.
    """
    if flags & TokenFlag.USER_PIN_LOCKED:
        raise PinRejected("The token is locked.", detail="the security officer must set a new PIN")
    if flags & TokenFlag.USER_PIN_FINAL_TRY:
        raise PinRejected(
            "The token refused the PIN.",
            detail="one try is left: log in once by hand (pkcs11-tool --login) to reset the count",
        )
