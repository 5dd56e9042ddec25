"""Makes a SoftHSM token: for development, tests, and a key ceremony without an HSM.

A real HSM's tokens are made with its vendor's own tools.
"""

import os
import subprocess
import sys
from pathlib import Path

from pkcs11 import TokenFlag
from pkcs11.exceptions import NoSuchToken, PKCS11Error

from hsm.errors import TokenError
from hsm.token.cryptoki import Cryptoki

SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
_MADE, _THERE_ALREADY = 0, 3


def write_softhsm_conf(conf: Path, tokens: Path) -> None:
    """Write the file that SOFTHSM2_CONF must name before the module is first loaded; private to us.

    ``reset_on_fork`` makes a forked child lose its sessions, as with hardware.
    """
    tokens.mkdir(parents=True, exist_ok=True, mode=0o700)
    conf.parent.mkdir(parents=True, exist_ok=True)
    conf.write_text(
        f"directories.tokendir = {tokens.resolve()}\nobjectstore.backend = file\nlog.level = ERROR\n"
        "slots.removable = false\nlibrary.reset_on_fork = true\n"
    )
    conf.chmod(0o600)


def make_softhsm_token(
    conf: Path, label: str, *, so_pin_file: Path, pin_file: Path, module: Path = SOFTHSM
) -> bool:
    """Make the token ``label`` in the directory that ``conf`` names; False if it is there already.

    PINs are read from files (UTF-8, a trailing newline is not part of them), 4 to 255 bytes. Raises
    TokenError saying what is wrong; its text holds no PIN.

    A process of its own does it: SOFTHSM2_CONF counts when the module is loaded, and softhsm2-util takes
    PINs from a terminal or as arguments, where every user of the machine can read them.
    """
    if not module.exists():
        raise TokenError(f"{module} is missing: apt-get install softhsm2.")
    made = subprocess.run(
        [sys.executable, "-m", "hsm.token.provision", str(module), label, str(so_pin_file), str(pin_file)],
        env={**os.environ, "SOFTHSM2_CONF": str(conf)}, cwd=Path(__file__).parents[2],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode not in (_MADE, _THERE_ALREADY):
        raise TokenError(f"The token {label!r} was not made: {made.stderr.strip()}")
    return made.returncode == _MADE


def init_token(module: Path, label: str, *, so_pin: str, pin: str) -> bool:
    """C_InitToken in the first free slot, then C_InitPIN; False if a token has this label already.

    Loads and finalises the module: for a process that does nothing else. Raises PKCS11Error, OSError.
    """
    cryptoki = Cryptoki(module)
    cryptoki.initialize()
    try:
        library = cryptoki.library
        tokens = [slot.get_token() for slot in library.get_slots(token_present=True)]
        if any(token.label == label for token in tokens):
            return False
        free = next((t for t in tokens if not t.flags & TokenFlag.TOKEN_INITIALIZED), None)
        if free is None:
            raise NoSuchToken("no free slot")
        cryptoki.init_token(free.slot.slot_id, so_pin, label)
        # SoftHSM moves the new token to another slot: find it by its label
        with library.get_token(token_label=label).open(rw=True, so_pin=so_pin) as session:
            session.init_pin(pin)
        return True
    finally:
        cryptoki.finalize()


def _read(pin_file: Path) -> str:
    try:
        pin = pin_file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise TokenError(f"The PIN file {pin_file} cannot be read.") from unreadable
    if not 4 <= len(pin.encode()) <= 255:
        raise TokenError(f"The PIN in {pin_file} must have 4 to 255 bytes.")
    return pin


def main(arguments: list[str]) -> int:
    """``module label so_pin_file pin_file``; the exit code says whether the token is new."""
    module, label, so_pin_file, pin_file = arguments
    try:
        made = init_token(Path(module), label, so_pin=_read(Path(so_pin_file)), pin=_read(Path(pin_file)))
    except TokenError as failed:
        sys.exit(failed.message)
    except (PKCS11Error, OSError) as failed:
        sys.exit(repr(failed))
    return _MADE if made else _THERE_ALREADY


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
