"""People of the demonstration, each of whom says MẪU; made once, their logins kept in run/secrets.

As a command it prints the one-time password of this moment: ``demo_people.py lan.mau``.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyotp

LOGINS = Path("run/secrets/demo-logins.json")
PEOPLE = (
    ("lan.mau", "Nguyễn Thị Lan MẪU", "H47.12=Chuyên viên", False),
    ("vanthu.mau", "Trần Văn Thư MẪU", "H47.12=Văn thư", False),
    ("quantri.mau", "Lê Quản Trị MẪU", "H47.12=Quản trị hệ thống", True),
)
ORGANISATIONS = ("--organisation", "H47=UBND tỉnh MẪU", "--organisation", "H47.12=Sở MẪU")


def add_demo_people() -> list[dict[str, str]]:
    """The logins, in the order of PEOPLE. Safe to repeat."""
    if LOGINS.exists():
        kept: list[dict[str, str]] = json.loads(LOGINS.read_text("utf-8"))
        return kept
    logins = []
    for username, name, post, administrator in PEOPLE:
        if _run("show", username, allow_failure=True) is None:
            role = ["--administrator"] if administrator else []
            _run("add", username, "--name", name, "--post", post, *ORGANISATIONS, *role)
        # An administrator has a passkey made at the first login; the others may use this again and again.
        lasting = [] if administrator else ["--lasting"]
        made = _run("set-password", username, *lasting)
        login = {"username": username, "name": name, "password": made["password"], "otpauth": ""}
        if not administrator:
            login["otpauth"] = _run("add-totp", username)["otpauth"]
        logins.append(login)
    LOGINS.touch(mode=0o600)
    LOGINS.write_text(json.dumps(logins, ensure_ascii=False, indent=2), "utf-8")
    return logins


def _run(*arguments: str, allow_failure: bool = False) -> Any:
    command = [sys.executable, "-m", "idp", "people", *arguments, "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        if allow_failure:
            return None
        raise RuntimeError(f"idp people {arguments[0]}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main() -> int:
    for login in json.loads(LOGINS.read_text("utf-8")):
        if login["otpauth"] and sys.argv[1:] in ([], [login["username"]]):
            totp = pyotp.parse_uri(login["otpauth"])
            assert isinstance(totp, pyotp.TOTP)  # noqa: S101 -- it was made as one
            print(f"{login['username']}\t{totp.now()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
