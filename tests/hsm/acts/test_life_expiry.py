"""Before a certificate ends: the radar, renewals at authorities, and acts that would outlive it."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, update

from hsm.acts.directory import FRESH_SECONDS
from hsm.client import CredentialNotUsable
from hsm.tables import credential
from tests.hsm.acts.life import LifeProcess, certificates
from tests.servers.key_process import ROOT

SUBJECT = {"CN": "MẪU - gia hạn", "O": "Cơ quan MẪU", "C": "VN"}


def test_an_act_that_outlives_the_certificate_is_refused(lives: LifeProcess, name: str) -> None:
    key = lives.register_client(name)
    credential_id = lives.active("service-seal", name)
    lives.sign(credential_id, name, key)
    engine = create_engine(lives.database_url)
    ends = int(datetime.now(UTC).timestamp()) + 120
    with engine.begin() as connection:
        connection.execute(
            update(credential).where(credential.c.credential_id == credential_id).values(not_after=ends)
        )
    engine.dispose()
    time.sleep(FRESH_SECONDS)
    with pytest.raises(CredentialNotUsable, match="longer than the certificate"):
        lives.sign(credential_id, name, key, lasts=300)
    lives.sign(credential_id, name, key, lasts=60)


class TestRenewalByAuthority:
    def command(self, lives: LifeProcess, *arguments: str) -> dict[str, Any]:
        approvers = [part for key in lives.admin_keys for part in ("--key", str(key))]
        done = subprocess.run(
            [sys.executable, "-m", "hsm", "--json", "renew", *arguments, "--socket", lives.admin, *approvers],
            cwd=ROOT, env=lives.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def test_the_command_renews_at_an_authority_that_answers(
        self, lives: LifeProcess, name: str, tmp_path: Path
    ) -> None:
        credential_id = lives.active("service-seal", name)
        before = certificates(lives, credential_id)
        secret = tmp_path / "secret"
        secret.write_text(lives.devca.secret)
        renewed = self.command(
            lives, credential_id, "--authority", "devca", "--profile", "service-seal", "--url",
            lives.devca.base_url, "--secret-file", str(secret), "--subject", json.dumps(SUBJECT),
        )  # fmt: skip
        assert renewed["state"] == "active"
        assert certificates(lives, credential_id) != before

    def test_the_command_renews_through_a_portal(self, lives: LifeProcess, name: str, tmp_path: Path) -> None:
        credential_id = lives.active("service-seal", name)
        before = certificates(lives, credential_id)
        manual = ("--authority", "manual", "--directory", str(tmp_path))
        asked = self.command(lives, credential_id, *manual, "--subject", json.dumps(SUBJECT))
        assert asked["state"] == "pending"
        [request] = tmp_path.glob("*.csr.pem")
        chain = lives.devca.issue(asked["csr"], "service-seal")
        (tmp_path / request.name.replace(".csr.pem", ".chain.pem")).write_text("".join(chain))
        renewed = self.command(lives, credential_id, *manual, "--collect", str(request))
        assert renewed["state"] == "active"
        assert certificates(lives, credential_id) != before


def test_the_radar_names_what_ends_soon(lives: LifeProcess, name: str) -> None:
    credential_id = lives.active("service-seal", name)
    engine = create_engine(lives.database_url)
    now = int(time.time())
    seen = []
    for days in (-1, 3, 20, 80, 200):
        with engine.begin() as connection:
            connection.execute(
                update(credential)
                .where(credential.c.credential_id == credential_id)
                .values(not_after=now + days * 86400 + 60)
            )
        done = subprocess.run(
            [sys.executable, "-m", "hsm", "--json", "radar"], cwd=ROOT, env=lives.environment,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        found = [blip for blip in json.loads(done.stdout) if blip["credential_id"] == credential_id]
        seen.append([(blip["within"], blip["days"], blip["holder"], blip["profile"]) for blip in found])
    engine.dispose()
    assert seen == [
        [(0, -1, name, "service-seal")],
        [(7, 3, name, "service-seal")],
        [(30, 20, name, "service-seal")],
        [(90, 80, name, "service-seal")],
        [],
    ]
