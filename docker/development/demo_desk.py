"""The desk of the demonstration: its client, and a key with which a demo official signs there at once.

Her approvals are by PIN and one-time password, which work in every browser. As a command it prints both of
this moment: ``demo_desk.py``.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyotp
from antin.software_passkey import SoftwarePasskey, read_software_passkey, write_software_passkey

from hsm.administer import draft

RUN = Path("run")
CLIENT, DESK = "ban-ky-so", "http://localhost:8080"
OFFICIAL = "lan.mau"
SIGNING = RUN / "secrets" / "demo-signing.json"
Perform = Callable[[str, dict[str, Any]], dict[str, Any]]
Python = Callable[..., str]


def add_desk(resource: str, enrolled: dict[str, str], keep: Callable[[str, str], None], *,
             perform: Perform, python: Python, approvers: Sequence[str], authority: str) -> None:  # fmt: skip
    """Safe to repeat; ``keep`` remembers what was done by its name."""
    _register_client(resource, python)
    if "official" in enrolled:
        return
    signer = json.loads(python("-m", "idp", "people", "show", OFFICIAL, "--json"))["signer"]
    passkey = _enrol_passkey(signer, perform)
    handed = perform("set_pin_otp", {"person_id": signer})
    SIGNING.touch(mode=0o600)
    SIGNING.write_text(json.dumps({"pin": handed["pin"], "otpauth": handed["otpauth"]}))
    act, approval = RUN / "create-key.act", RUN / "create-key.approval"
    parameters = {
        "profile": "personal", "holder": signer, "description": "Khóa ký MẪU của Nguyễn Thị Lan",
        "subject": {"CN": "MẪU - Nguyễn Thị Lan", "O": "Sở MẪU", "C": "VN"}, "training": True,
    }  # fmt: skip
    act.write_bytes(draft("create_credential", parameters, now=int(time.time())))
    python("-m", "antin", "passkey", "approve", str(passkey), str(act), "-o", str(approval))
    made = python(
        "-m", "hsm", "--json", "enrol", "--authority", "devca", "--url", authority, "--act", str(act),
        "--approval", str(approval), *approvers,
    )  # fmt: skip
    keep("official", json.loads(made)["credential_id"])


def _register_client(resource: str, python: Python) -> None:
    """As a native client, since plain http on this machine is allowed to no other; no back-channel then."""
    metadata = RUN / f"{CLIENT}.metadata.json"
    metadata.write_text(
        json.dumps(
            {
                "application_type": "native", "profile": "fapi2", "first_party": True,
                "subject_type": "public",
                "grant_types": ["authorization_code", "refresh_token"],
                "redirect_uris": [f"{DESK}/callback", f"{DESK}/approved"],
                "post_logout_redirect_uris": [f"{DESK}/logged-out"],
            }
        )
    )  # fmt: skip
    scopes = [part for scope in ("openid", "profile", "sign", "service", "credential")
              for part in ("--scope", scope)]  # fmt: skip
    python(
        "-m", "idp", "clients", "add", CLIENT, "--replace", "--name", "Bàn ký số MẪU", *scopes,
        "--resource", resource, "--jwks", str(RUN / "secrets" / f"{CLIENT}.public.jwk"),
        "--metadata", str(metadata),
    )  # fmt: skip


def _enrol_passkey(signer: str, perform: Perform) -> Path:
    """A passkey in a file, which approves the making of her key and then lies there."""
    path = RUN / "secrets" / f"{OFFICIAL}.passkey.json"
    if not path.exists():
        perform("register_person", {"person_id": signer})
        write_software_passkey(SoftwarePasskey.new("localhost", DESK), path)
    invitation = draft("invite_passkey", {"person_id": signer}, now=int(time.time()))
    registration = read_software_passkey(path).register(invitation)
    perform(
        "enrol_passkey",
        {"person_id": signer, "invitation": invitation.decode(), "registration": registration},
    )
    return path


def main() -> int:
    try:
        kept = json.loads(SIGNING.read_text("utf-8"))
    except OSError:
        print("Hãy chạy 'make run' trước. / Run 'make run' first.", file=sys.stderr)
        return 1
    totp = pyotp.parse_uri(kept["otpauth"])
    assert isinstance(totp, pyotp.TOTP)  # noqa: S101 -- it was made as one
    print(f"PIN {kept['pin']}\t{totp.now()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
