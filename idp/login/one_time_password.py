"""TOTP (RFC 6238) and recovery codes: second factors that are typed, each used once."""

import hmac
import secrets
from dataclasses import dataclass

import pyotp

from idp.directory.factor import RECOVERY, TOTP, Factor
from idp.errors import LoginRefused
from idp.login.proofs import Proof
from idp.store.factors import Factors
from idp.store.login_budgets import LoginBudgets
from idp.store.sealing import Sealing

STEP_SECONDS = 30  # RFC 6238 §4.1
STEPS_AROUND = 1  # a telephone's clock is a little off
RECOVERY_CODES = 10
_CODE_LENGTH = 12
# Crockford's base 32, without the letters that are read as digits: 60 bits a code.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_totp_secret() -> str:
    """160 random bits, base32 (RFC 4226 §4)."""
    return pyotp.random_base32(32)


def otpauth_uri(secret: str, *, account: str, issuer: str) -> str:
    """What an authenticator app scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def find_step(secret: str, typed: str, now: int) -> int | None:
    """The time step whose password this is: now, one before or one after (RFC 6238 §5.2)."""
    otp = "".join(typed.split())
    if not (otp.isascii() and otp.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    found = None
    present = now // STEP_SECONDS
    for step in range(present - STEPS_AROUND, present + STEPS_AROUND + 1):
        if hmac.compare_digest(totp.generate_otp(step), otp):
            found = step
    return found


@dataclass(frozen=True, slots=True)
class OneTimePasswords:
    """Checks what a person typed after the first factor. Raises LoginRefused, TooManyRequests."""

    factors: Factors
    budgets: LoginBudgets
    sealing: Sealing

    def verify_totp(self, person_id: str, typed: str, *, device: str, now: int) -> Proof:
        """One of the person's authenticator apps; each password is good once."""
        taken = self.budgets.take_second(person_id, device=device, now=now)
        for factor in self._usable(person_id, TOTP, now):
            step = find_step(factor.secret, typed, now)
            if step is not None and self.factors.spend_totp_step(factor.factor_id, step, now):
                self.budgets.give_back(taken)
                return Proof(TOTP)
        raise LoginRefused(detail="otp")

    def verify_recovery(self, person_id: str, typed: str, *, device: str, now: int) -> Proof:
        """One of the codes that were printed once."""
        taken = self.budgets.take_second(person_id, device=device, now=now)
        if not self.factors.spend_recovery_code(person_id, self._code_hash(person_id, typed), now):
            raise LoginRefused(detail="recovery code")
        self.budgets.give_back(taken)
        return Proof(RECOVERY)

    def new_recovery_codes(self, person_id: str, now: int) -> list[str]:
        """A fresh set to print, shown once; an earlier set is void."""
        codes = [
            "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH)) for _ in range(RECOVERY_CODES)
        ]
        self.factors.replace_recovery_codes(
            person_id, [self._code_hash(person_id, code) for code in codes], now
        )
        return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]

    def _code_hash(self, person_id: str, typed: str) -> str:
        """Under a key outside the database: 60 bits alone would not outlast an attacker with the dump."""
        code = "".join(letter for letter in typed.lower() if letter.isalnum())
        code = code.replace("o", "0").replace("i", "1").replace("l", "1")
        return self.sealing.index(f"recovery code\0{person_id}\0{code}")

    def _usable(self, person_id: str, kind: str, now: int) -> list[Factor]:
        return [
            factor
            for factor in self.factors.of_person(person_id)
            if factor.kind == kind and factor.is_usable(now)
        ]
