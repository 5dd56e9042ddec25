"""``python -m policies.check``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policies import Bundle
from policies.check import main

SEAL = '{"profile": "service-seal", "holder": "one-stop"}'
ASKED = ["explain", "--principal", "Client:one-stop", "--action", "sign", "--credential", SEAL]


def test_the_command_lists_every_rule_profile_and_quota() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "policies.check"], capture_output=True, check=True, encoding="utf-8"
    )
    bundle = Bundle.load()
    for name in (*bundle.rules, *bundle.profiles, *bundle.quotas, bundle.digest):
        assert name in done.stdout


def test_an_allowed_act_is_explained_in_vietnamese_then_english(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ASKED, "--approval", "access_token"]) == 0
    vietnamese, english = capsys.readouterr().out.split("\n\n")
    assert vietnamese.startswith("CHO PHÉP\n  sign-own-credential: Hệ thống ký")
    assert "Căn cứ: Luật 20/2023/QH15, Điều 22.3.c" in vietnamese
    assert english.startswith("ALLOWED\n  sign-own-credential: A client signs")


def test_a_denied_act_names_every_rule_that_forbids_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ASKED, "--approval", "access_token", "--content", "dtbsr", "--count", "11", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["allowed"] is False
    assert [rule["id"] for rule in told["rules"]] == [
        "never-bare-hash-by-access-token",
        "never-too-many-by-access-token",
    ]
    assert told["bundle"] == Bundle.load().digest


def test_an_act_that_nothing_permits_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["explain", "--principal", "Client:an", "--action", "destroy_credential", "--credential", SEAL]
    assert main([*asked, "--approvers", "2"]) == 1
    assert "Không quy tắc nào cho phép" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (["--principal", "one-stop"], "KIND:ID"),
        (["--credential", "{"], "--credential is not JSON"),
        (["--credential", "[]"], "not a JSON object"),
        (["--credential", '{"colour": 1}'], "colour"),
        (["--credential", '{"holder": "an"}'], "profile"),
        (["--now", "soon"], "--now"),
    ],
)
def test_an_unclear_question_is_answered_by_what_is_unclear(
    changes: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ASKED, *changes]) == 2
    assert complaint in capsys.readouterr().err


def test_a_bundle_that_is_refused_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--bundle", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
