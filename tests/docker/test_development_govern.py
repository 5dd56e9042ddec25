"""The demo's administrators: passkeys once, and the code's own policy in force after every update."""

import sys
from pathlib import Path

import pytest

from hsm.policy_client import PolicyClient
from policies.bundle import Bundle, package_directory, read_texts
from tests.servers.key_process import ROOT, RunningKeyProcess

sys.path.append(str(ROOT / "docker" / "development"))
import govern


def test_the_demo_follows_its_code_from_policy_to_policy(
    own_key_process: RunningKeyProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled: dict[str, str] = {}

    def start() -> list[int]:
        govern.govern(
            own_key_process.admin, own_key_process.directory, ("admin-1", "admin-2"), enrolled,
            enrolled.__setitem__,
        )  # fmt: skip
        client = PolicyClient(own_key_process.admin)
        versions = client.versions()
        client.close()
        assert versions[0].digest == Bundle.load(govern.package_directory()).digest
        return [one.version for one in versions]

    assert start() == [1]
    assert set(enrolled) == {"admin-passkey-1", "admin-passkey-2"}
    assert start() == [1]
    for name, text in read_texts(package_directory()).items():
        (tmp_path / "new" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "new" / name).write_text(text + "\n", "utf-8")
    monkeypatch.setattr(govern, "package_directory", lambda: tmp_path / "new")
    assert start() == [2, 1]
    assert start() == [2, 1]
