"""Enrols the demonstration: token keys, the client's key and its seal, each approved by both administrators.

Runs once beside the key process, over its administrators' socket; what was done is kept in /enrolment,
so it is safe to repeat. It prints the client's antin.toml.
"""

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hsm.administer import approve, draft
from hsm.client import KeyProcess
from hsm.enrol.devca import DevelopmentAuthority
from hsm.enrol.enrol import start

CLIENT = "mot-cua-mau"
KEPT = Path("/enrolment/enrolled.json")
SOCKET = "unix:/run/antin/admin/hsm.sock"
ADMINISTRATORS = [Path(f"/run/secrets/admin-{number}.jwk") for number in (1, 2)]
SUBJECT = {"CN": "Con dấu MẪU - UBND tỉnh MẪU", "O": "UBND tỉnh MẪU", "C": "VN"}

CONFIGURATION = """default_profile = "mau"

[profiles.mau]
base_url = "{resource}"
issuer = "{issuer}"
client_id = "{client}"
key_file = "secrets/client.jwk"
ca_file = "secrets/gateway.pem"
credential_id = "{credential}"
verifier_key = "{verifier_key}"
"""


def main() -> int:
    enrolled: dict[str, str] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    key_process = KeyProcess(SOCKET)

    def perform(action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        act = draft(action, parameters, now=int(time.time()))
        return key_process.perform(act, [approve(act, key) for key in ADMINISTRATORS])

    def done(name: str, value: str) -> None:
        enrolled[name] = value
        KEPT.write_text(json.dumps(enrolled))

    try:
        for profile in ("oidc-token", "oidc-token-rs256"):
            if profile not in enrolled:
                about = {"profile": profile, "holder": "idp", "description": "Khóa ký token MẪU"}
                made = perform("create_credential", {**about, "training": True})
                perform("activate_credential", {"credential_id": made["credential_id"]})
                done(profile, made["credential_id"])
        if "client" not in enrolled:
            public = json.loads(Path("/etc/antin/client.public.jwk").read_text())
            done("client", perform("register_client_key", {"client_id": CLIENT, "jwk": public})["kid"])
        if "seal" not in enrolled:
            secret = Path("/authority/issue-secret").read_text().strip()
            wanted = {
                "profile": "service-seal", "holder": CLIENT, "description": "Con dấu MẪU của một cửa",
                "subject": SUBJECT, "training": True,
            }  # fmt: skip
            with DevelopmentAuthority("http://devca:8085", secret) as authority:
                done("seal", asdict(start(perform, authority, wanted))["credential_id"])
        verifier_key = key_process.checkpoint().verifier_key
    finally:
        key_process.close()
    Path("/enrolment/credential-id").write_text(enrolled["seal"])
    configuration = CONFIGURATION.format(
        resource=os.environ["ANTIN_RESOURCE"], issuer=os.environ["ANTIN_ISSUER"], client=CLIENT,
        credential=enrolled["seal"], verifier_key=verifier_key,
    )  # fmt: skip
    sys.stdout.write(configuration)
    return 0


if __name__ == "__main__":
    sys.exit(main())
