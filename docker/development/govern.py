"""The demo's two administrators get passkeys, and the policy that comes with the code is the one in force.

What a province does by hand after an update, with `python -m hsm policy`, the demo does by itself: a policy
in force stays in force, whatever the code brings, until two administrators replace it.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from antin.software_passkey import SoftwarePasskey, read_software_passkey, write_software_passkey

from hsm.administer import approve, draft
from hsm.client import Approval
from hsm.policy_client import PolicyClient
from policies.bundle import bundle_digest, package_directory, read_texts

RP_ID, ORIGIN = "localhost", "http://localhost:8080"
Keep = Callable[[str, str], None]


def govern(socket: str, secrets: Path, admins: tuple[str, str], enrolled: dict[str, str], keep: Keep) -> None:
    """Safe to repeat; ``keep`` remembers what was done by its name.

    ``secrets`` holds ``admin-1.jwk`` and ``admin-2.jwk``, the keys of ``admins``.
    """
    client = PolicyClient(socket)
    try:
        for number, admin_id in enumerate(admins, 1):
            if f"admin-passkey-{number}" not in enrolled:
                _give_passkey(client, secrets, number, admin_id)
                keep(f"admin-passkey-{number}", f"quan-tri-mau-{number}")
        _follow_the_code(client, secrets)
    finally:
        client.close()


def _give_passkey(client: PolicyClient, secrets: Path, number: int, admin_id: str) -> None:
    person_id, path = f"quan-tri-mau-{number}", secrets / f"admin-{number}.passkey.json"
    keys = [secrets / f"admin-{n}.jwk" for n in (1, 2)]

    def perform(action: str, parameters: dict[str, Any], *passkeys: SoftwarePasskey) -> None:
        act = draft(action, parameters, now=int(time.time()))
        by_passkey = [Approval(**one.approve(act)) for one in passkeys]
        client.perform(act, [*(approve(act, key) for key in keys), *by_passkey])

    if not path.exists():
        write_software_passkey(SoftwarePasskey.new(RP_ID, ORIGIN), path)
        perform("register_person", {"person_id": person_id})
    passkey = read_software_passkey(path)
    invitation = draft("invite_passkey", {"person_id": person_id}, now=int(time.time()))
    registration = passkey.register(invitation)
    perform(
        "enrol_passkey",
        {"person_id": person_id, "invitation": invitation.decode(), "registration": registration},
    )
    perform("link_administrator", {"admin_id": admin_id, "person_id": person_id}, passkey)


def _follow_the_code(client: PolicyClient, secrets: Path) -> None:
    files, present = read_texts(package_directory()), client.versions()[0]
    if bundle_digest(files) == present.digest:
        return
    parameters = {
        "version": present.version + 1,
        "bundle": client.store_bundle(files),
        "previous": present.digest,
        "note": "Chính sách đi cùng mã nguồn MẪU",
    }
    act = draft("activate_policy", parameters, now=int(time.time()))
    passkey = read_software_passkey(secrets / "admin-2.passkey.json")
    client.perform(act, [approve(act, secrets / "admin-1.jwk"), Approval(**passkey.approve(act))])
    print(f"Chính sách phiên bản {parameters['version']} / policy version {parameters['version']}")
