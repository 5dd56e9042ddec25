"""Offices, posts and mandates by the command, on a real key process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hsm.administer import approve
from tests.servers.key_process import ROOT, RunningKeyProcess

CAPACITY = "TM. ỦY BAN NHÂN DÂN / KT. CHỦ TỊCH / PHÓ CHỦ TỊCH"


def hsm(keys: RunningKeyProcess, *arguments: str, code: int = 0) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "hsm", "--json", *arguments],
        cwd=ROOT, env=keys.environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout or done.stderr)
    return answer


@pytest.fixture
def by_two(key_process: RunningKeyProcess) -> list[str]:
    keys = [part for key in key_process.admin_keys for part in ("--key", str(key))]
    return [*keys, "--socket", key_process.admin]


def test_a_mandate_is_given_shown_and_revoked_by_the_command(
    key_process: RunningKeyProcess, by_two: list[str], tmp_path: Path
) -> None:
    keys = key_process
    hsm(keys, "office", "register", "H99", "--name", "Ủy ban MẪU", "--training", *by_two)
    posts = {}
    for person, rank, capacity in (("truong-mau", "head", "CHỦ TỊCH"), ("pho-mau", "deputy", "PHÓ CHỦ TỊCH")):
        keys.enrol_person(person)
        given = hsm(
            keys, "office", "give-post", "H99", "--person", person, "--rank", rank, "--capacity", capacity,
            *by_two,
        )  # fmt: skip
        posts[person] = given["post"]
    act = tmp_path / "act.json"
    draft = [
        "office", "give-mandate", "H99", "--form", "KT", "--from-post", posts["truong-mau"], "--to-post",
        posts["pho-mau"], "--capacity", CAPACITY, "--ends", "2099-12-31",
    ]  # fmt: skip
    refused = hsm(keys, *draft, *by_two, code=1)
    assert refused["error"] == "PolicyRefused", "without the grantor's passkey nobody gives it"
    hsm(keys, *draft, "-o", str(act))
    approvals = [tmp_path / "1.jws", tmp_path / "2.jws", tmp_path / "grantor.json"]
    for file, key in zip(approvals, keys.admin_keys, strict=False):
        file.write_text(approve(act.read_bytes(), key).evidence)
    approvals[2].write_text(json.dumps(keys.passkeys["truong-mau"].approve(act.read_bytes())))
    given = hsm(keys, "perform", str(act), *map(str, approvals), "--socket", keys.admin)
    shown = hsm(keys, "office", "show", "H99")
    assert [one["held"] for one in shown["posts"]] == [True, True]
    assert [(one["capacity"], one["state"]) for one in shown["mandates"]] == [(CAPACITY, "valid")]
    hsm(keys, "office", "revoke-mandate", given["mandate"], *by_two)
    hsm(keys, "office", "end-post", posts["pho-mau"], *by_two)
    shown = hsm(keys, "office", "show", "H99")
    assert [one["state"] for one in shown["mandates"]] == ["revoked"]
    assert [one["held"] for one in shown["posts"]] == [True, False]
    hsm(keys, "office", "retire", "H99", *by_two)
    assert "H99" in {one["office_id"] for one in hsm(keys, "office", "show")["offices"]}


def test_a_time_that_is_none_is_told(key_process: RunningKeyProcess, by_two: list[str]) -> None:
    answer = hsm(
        key_process, "office", "give-post", "H98", "--person", "x", "--rank", "head", "--capacity", "X",
        "--ends", "mai", *by_two, code=1,
    )  # fmt: skip
    assert answer["error"] == "ActMalformed"
