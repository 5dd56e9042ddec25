"""A key process whose policy is changed by command, as administrators do it."""

import hashlib
import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from antin.software_passkey import write_software_passkey
from joserfc.jwk import ECKey

from hsm.acts.act import ActItem, SignAct, new_act_id
from hsm.algorithms import SignatureAlgorithm
from hsm.client import Item, KeyProcess
from policies.bundle import package_directory, read_texts
from tests.hsm.acts.life import LifeProcess
from tests.servers.key_process import ROOT, client_jws

NEW_RULE = """
@id("never-{id}")
@basis("thử")
@reason("Loại văn bản này không được ký.")
@reason_en("This kind of document is never signed.")
forbid (principal, action == Action::"sign", resource is Credential)
when {{ context.document_kind == "{kind}" }};
"""
CLIENT = "van-ban-mau"


class Province:
    """A key process, two administrators with passkeys of their own, and a client that signs."""

    def __init__(self, running: LifeProcess, folder: Path) -> None:
        self.running, self.folder = running, folder
        self.passkeys = [self._passkey(number) for number in (1, 2)]
        self.key: ECKey = running.register_client(CLIENT)
        self.credential_id = running.active("service-seal", CLIENT)

    def _passkey(self, number: int) -> Path:
        passkey = self.running.enrol_person(f"quan-tri-vien-{number}")
        self.running.perform_with(
            "link_administrator",
            {"admin_id": f"admin-{number}", "person_id": f"quan-tri-vien-{number}"},
            passkey,
        )
        path = self.folder / f"admin-{number}.passkey.json"
        write_software_passkey(passkey, path)
        return path

    def draft(self, name: str, kind: str) -> Path:
        """A bundle that forbids one kind of document more."""
        directory = self.folder / name
        for file, text in read_texts(package_directory()).items():
            (directory / file).parent.mkdir(parents=True, exist_ok=True)
            (directory / file).write_text(text, "utf-8")
        (directory / "rules" / "tried.cedar").write_text(NEW_RULE.format(id=name, kind=kind), "utf-8")
        return directory

    def policy(self, *arguments: str | Path, status: int = 0) -> Any:
        told = self.tell(*arguments, "--json", status=status)
        return json.loads(told) if told else None

    def tell(self, *arguments: str | Path, status: int = 0) -> str:
        command = [
            sys.executable,
            "-m",
            "hsm",
            "policy",
            *map(str, arguments),
            "--socket",
            self.running.admin,
        ]
        done = subprocess.run(
            command, cwd=ROOT, env=self.running.environment, check=False, capture_output=True, text=True
        )
        assert done.returncode == status, done.stderr + done.stdout
        return done.stdout if status in (0, 3) else done.stderr

    def approve(self, act: Path, proposer: int = 1, other: int = 2) -> list[Path]:
        by_key, by_passkey = act.with_suffix(".jws"), act.with_suffix(".passkey")
        self.policy("approve", act, "--key", self.running.admin_keys[proposer - 1], "-o", by_key)
        antin = [sys.executable, "-m", "antin", "passkey", "approve"]
        subprocess.run(
            [*antin, self.passkeys[other - 1], act, "-o", by_passkey],
            cwd=ROOT, env={**self.running.environment, "PYTHONPATH": "clients/sdk"}, check=True,
            capture_output=True,
        )  # fmt: skip
        return [by_key, by_passkey]

    def act(self, kind: str) -> tuple[bytes, list[Item]]:
        moment, digest = int(time.time()), hashlib.sha256(new_act_id().encode()).digest()
        act = SignAct(
            new_act_id(), CLIENT, self.credential_id, SignatureAlgorithm.ES256,
            (ActItem(digest, "MẪU", "dtbsr"),), moment, moment + 300, document_kind=kind,
        )  # fmt: skip
        return act.encode(), [Item(digest=digest)]

    def sign(self, kind: str, target: str = "") -> None:
        act, items = self.act(kind)
        with closing(KeyProcess(target or self.running.signsvc)) as client:
            client.sign(items, act=act, approval=client_jws(act, self.key))
