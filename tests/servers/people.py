"""People for the tests: registered, with PIN and one-time password, and a certified credential."""

import time
from dataclasses import dataclass
from typing import Any

import pyotp

from tests.servers.key_process import RunningKeyProcess, activate


@dataclass
class Enrolled:
    """A person. ``otp()`` gives the present one-time password; each works once."""

    person_id: str
    pin: str
    credential_id: str
    totp: pyotp.TOTP

    def otp(self, steps: int = 0) -> str:
        """``steps``: of 30 seconds, from now."""
        return self.totp.at(int(time.time()) + 30 * steps)

    def wait_for_next_step(self) -> None:
        """Until a one-time password that was not used is valid."""
        step = int(time.time()) // 30
        while int(time.time()) // 30 == step:
            time.sleep(0.2)


def enrol_person(
    key_process: RunningKeyProcess, devca: Any, person_id: str, profile: str = "personal"
) -> Enrolled:
    """By two administrators and the person's passkey, certified by the development CA."""
    key_process.enrol_person(person_id)
    handed = key_process.perform("set_pin_otp", {"person_id": person_id})
    created = key_process.create_credential(profile, person_id)
    credential_id = activate(key_process, created, devca, "personal")
    totp = pyotp.parse_uri(handed["otpauth"])
    assert isinstance(totp, pyotp.TOTP)
    return Enrolled(person_id, handed["pin"], credential_id, totp)
