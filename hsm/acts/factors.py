"""A person's PIN and one-time password secret: made here, sealed by the token, compared here.

The database holds them sealed for this person: whoever reads it can try no PIN offline, and a row
copied to another person opens nothing.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import orjson
import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error

FACTORS_KEY = "factors-1"
ISSUER = "Ấn Tín"
STEP_SECONDS = 30  # RFC 6238 §4.1
STEPS_AROUND = 1
PIN_DIGITS = 8

# OWASP's minimum for argon2id (RFC 9106): 19 MiB, 2 passes. What keeps a PIN of eight digits is the seal
# and the five tries; the hash is there for whoever sees it open.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Sealer(Protocol):
    """The token's part. Raises TokenError."""

    def seal(self, label: str, data: bytes, context: bytes) -> bytes: ...
    def unseal(self, label: str, sealed: bytes, context: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the row holds when it is open: an argon2id hash of the PIN, the TOTP secret in base32."""

    pin_hash: str
    totp: str

    def matches(self, pin: str) -> bool:
        try:
            return _HASHER.verify(self.pin_hash, pin)
        except Argon2Error:
            return False

    def find_step(self, otp: str, now: datetime) -> int | None:
        """The time step, one of three round now, whose one-time password this is (RFC 6238 §5.2)."""
        present = int(now.timestamp()) // STEP_SECONDS
        totp = pyotp.TOTP(self.totp)
        found = None
        for step in range(present - STEPS_AROUND, present + STEPS_AROUND + 1):
            if hmac.compare_digest(totp.generate_otp(step), otp):
                found = step
        return found


@dataclass(frozen=True, slots=True)
class Handed:
    """What is told to the person, once: an initial PIN, and the otpauth URI for their authenticator app."""

    pin: str
    otpauth: str


def new_factor(sealer: Sealer, person_id: str) -> tuple[bytes, Handed]:
    """A random PIN and TOTP secret (160 bits), sealed for this person. Raises TokenError."""
    pin = "".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS))
    totp = pyotp.random_base32()
    data = orjson.dumps({"pin": _HASHER.hash(pin), "totp": totp})
    sealed = sealer.seal(FACTORS_KEY, data, _context(person_id))
    return sealed, Handed(pin, pyotp.TOTP(totp).provisioning_uri(name=person_id, issuer_name=ISSUER))


def open_factor(sealer: Sealer, key_label: str, sealed: bytes, person_id: str) -> Secrets:
    """Raises TokenError: MechanismRefused when the row is another person's, or was changed."""
    data = orjson.loads(sealer.unseal(key_label, sealed, _context(person_id)))
    return Secrets(data["pin"], data["totp"])


def _context(person_id: str) -> bytes:
    return b"antin/factor/" + person_id.encode()
