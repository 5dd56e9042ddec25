"""`antin` as people and scripts meet it: what it prints, and its exit codes."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import antin
import pytest
from antin.command.app import app
from typer.testing import CliRunner, Result

from tests.clients.sdk.standin import CREDENTIAL, StandIn

SDK = Path(antin.__file__).parent.parent
Run = Callable[..., Result]


@pytest.fixture
def run(config: Path) -> Run:
    def run(*arguments: object) -> Result:
        return CliRunner(env={"ANTIN_CONFIG": str(config)}).invoke(app, [str(one) for one in arguments])

    return run


def test_sign_says_what_it_did_and_its_receipt_verifies_offline(
    run: Run, service: StandIn, document: Path, tmp_path: Path
) -> None:
    output, receipt = tmp_path / "ra.pdf", tmp_path / "bien-nhan.json"
    done = run("sign", document, "-o", output, "--level", "b-lt", "--receipt", receipt)
    assert done.exit_code == 0, done.output
    assert f"Đã ký mức B-LT: {output}" in done.stdout
    key = service.journal.verifier_key
    checked = run("receipt", "verify", receipt, "--key", key, "--signed", output)
    assert checked.exit_code == 0, checked.output
    assert "HỢP LỆ / VALID" in checked.stdout
    output.write_bytes(output.read_bytes().replace(b"%PDF-1.7", b"%PDF-1.8", 1))
    changed = run("receipt", "verify", receipt, "--key", key, "--signed", output, "--json")
    assert changed.exit_code == 1
    assert json.loads(changed.stdout)["valid"] is False
    forged = json.loads(receipt.read_text())
    forged["proof"] = forged["proof"].replace("index 1\n", "index 2\n")
    receipt.write_text(json.dumps(forged))
    assert run("receipt", "verify", receipt, "--key", key).exit_code == 1


def test_sign_sends_the_place_and_look_of_a_visible_signature(
    run: Run, service: StandIn, document: Path, tmp_path: Path
) -> None:
    image = tmp_path / "dau.png"
    image.write_bytes(b"\x89PNG\r\n\x1a\nrest")
    place = ("--visible", "page=-1,rect=10:20:110.5:70", "--text", "Đã ký", "--image", image)
    done = run("sign", document, "-o", tmp_path / "ra.pdf", *place, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["journal_key_pinned"] is True
    assert said["warnings"][0]["code"] == "no-font"
    visible = service.signatures[said["signature_id"]]["asked"]["visible"]
    assert (visible["page"], visible["rect"], visible["text"]) == (-1, [10, 20, 110.5, 70], "Đã ký")
    assert visible["image"]


def test_sign_in_one_call(run: Run, document: Path, tmp_path: Path) -> None:
    done = run("sign", document, "-o", tmp_path / "ra.pdf", "--one-call", "--visible", "rect=1:1:9:9")
    assert done.exit_code == 0, done.output
    assert run("sign", document, "-o", tmp_path / "r.pdf", "--one-call", "--wait").exit_code == 3


@pytest.mark.parametrize(
    ("fault", "code"),
    [("substituted", 6), ("short", 6), ("javascript", 5), ("no_login", 5), ("other_receipt", 6)],
)
def test_each_failure_has_its_exit_code_and_both_languages(
    run: Run, service: StandIn, document: Path, tmp_path: Path, fault: str, code: int
) -> None:
    service.faults = {fault}
    failed = run("sign", document, "-o", tmp_path / "ra.pdf")
    assert failed.exit_code == code
    assert failed.stdout == ""
    assert failed.stderr.startswith("Lỗi: ")
    assert "\nError: " in failed.stderr
    assert "Traceback" not in failed.output
    assert not (tmp_path / "ra.pdf").exists()
    as_json = run("sign", document, "-o", tmp_path / "ra.pdf", "--json")
    assert json.loads(as_json.stdout)["exit_code"] == as_json.exit_code == code


def test_a_refused_document_is_shown_with_its_pages(
    run: Run, service: StandIn, document: Path, tmp_path: Path
) -> None:
    service.faults = {"javascript"}
    failed = run("sign", document, "-o", tmp_path / "ra.pdf")
    assert "javascript (trang/page 2): Có mã chạy / Active content" in failed.stderr
    assert "request id: r-1" in failed.stderr


@pytest.mark.parametrize("mistake", ["level", "place", "image", "exists", "same", "missing", "option"])
def test_a_mistake_is_told_before_anything_is_sent(
    run: Run, service: StandIn, document: Path, tmp_path: Path, mistake: str
) -> None:
    output = tmp_path / "ra.pdf"
    output.write_bytes(b"precious")
    arguments: dict[str, tuple[Any, ...]] = {
        "level": (document, "-o", tmp_path / "x", "--level", "B-X"),
        "place": (document, "-o", tmp_path / "x", "--visible", "page=0,rect=1:2:3"),
        "image": (document, "-o", tmp_path / "x", "--visible", "rect=1:2:3:4", "--image", document),
        "exists": (document, "-o", output),
        "same": (document, "-o", document, "--force"),
        "missing": (tmp_path / "none.pdf", "-o", tmp_path / "x"),
        "option": (document, "-o", tmp_path / "x", "--levle", "B-T"),
    }
    failed = run("sign", *arguments[mistake])
    assert failed.exit_code in (3, 7)
    assert "Lỗi: " in failed.stderr
    assert output.read_bytes() == b"precious"
    assert service.calls.total() == 0


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("valid", 0),
        ("invalid", 1),
        ("indeterminate", 2),
        ("TOTAL_PASSED", 0),
        ("TOTAL-FAILED", 1),
        ("NO_SIGNATURE", 2),
        ("ok", 4),
    ],
)
def test_verify_answers_by_its_exit_code(
    run: Run, service: StandIn, document: Path, word: str, code: int
) -> None:
    """A word the SDK does not know is never taken for valid."""
    service.verdict = {
        "verdict": word,
        "reasons": [{"code": "x", "message": "Lý do", "message_en": "Reason"}],
        "signatures": [
            {
                "verdict": "TOTAL_PASSED",
                "signer": {"name": "UBND\x1b[31m", "managing_unit": "Tỉnh MẪU"},
                "level": "B-T",
                "signing_time": {"value": "2026-11-24T08:00:00Z", "kind": "claimed"},
                "later_changes": [{"message": "Thêm trường", "message_en": "A field", "allowed": False}],
            }
        ],
    }
    done = run("verify", document)
    assert done.exit_code == code
    if code < 3:
        assert "Lý do / Reason" in done.stdout
        assert "Người ký / signer: UBND[31m" in done.stdout
        assert "người ký khai / claimed" in done.stdout
        assert "Thêm trường / A field (KHÔNG được phép / NOT allowed)" in done.stdout
        assert json.loads(run("verify", document, "--json").stdout) == service.verdict
    assert service.tokens == {}


def test_verify_needs_no_configuration(service: StandIn, document: Path, tmp_path: Path) -> None:
    service.verdict = {"verdict": "valid"}
    runner = CliRunner(env={"ANTIN_CONFIG": str(tmp_path / "none")})
    assert runner.invoke(app, ["verify", str(document), "--url", service.base_url]).exit_code == 0


def test_the_journal_is_exported_and_verified_offline(run: Run, service: StandIn, tmp_path: Path) -> None:
    for number in range(7):
        service.journal.append(b'{"n":%d}' % number)
    output = tmp_path / "nhat-ky.ndjson"
    assert run("journal", "export", "-o", output).exit_code == 0
    checkpoint = tmp_path / "nhat-ky.ndjson.checkpoint"
    verified = run("journal", "verify", output, "--checkpoint", checkpoint)
    assert verified.exit_code == 0, verified.output
    lines = output.read_text().splitlines(keepends=True)
    output.write_text("".join(lines[:3] + lines[4:]))
    assert run("journal", "verify", output, "--checkpoint", checkpoint, "--json").exit_code == 1
    assert run("journal", "verify", tmp_path / "none", "--checkpoint", checkpoint).exit_code == 7


def test_receipts_are_fetched_by_leaf_or_signature(run: Run, service: StandIn, tmp_path: Path) -> None:
    assert run("receipt", "get", "--leaf", 0, "-o", tmp_path / "r.json").exit_code == 0
    assert json.loads((tmp_path / "r.json").read_text())["proof"].startswith("c2sp.org/tlog-proof@v1")
    assert run("receipt", "get", "-o", tmp_path / "s.json").exit_code == 3
    # The ceremony's entry is in the journal, but it is no signature.
    assert run("receipt", "verify", tmp_path / "r.json").exit_code == 1


def test_keys_new_makes_a_private_file_and_prints_the_public_half(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "k.jwk"
    made = run("keys", "new", path, "--json")
    assert made.exit_code == 0
    public = json.loads(made.stdout)["public_jwk"]
    assert (public["crv"], "d" in public) == ("P-256", False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run("keys", "new", path).exit_code == 7
    assert json.loads(run("keys", "public", path, "--json").stdout)["public_jwk"] == public
    path.chmod(0o644)


def test_a_key_that_others_can_read_is_remarked(run: Run, config: Path) -> None:
    (config.parent / "motcua.jwk").chmod(0o644)
    assert "chmod 600" in run("credentials").stderr


def test_only_token_prints_a_token(run: Run, service: StandIn, document: Path, tmp_path: Path) -> None:
    printed = run("token", "--file", document).stdout.strip()
    (detail,) = service.tokens[printed]
    assert detail["credentialID"] == CREDENTIAL
    assert detail["documentDigests"][0]["label"] == "quyết định.pdf"
    others = [
        run("sign", document, "-o", tmp_path / "ra.pdf", "--json"),
        run("credentials"),
        run("config"),
        run("timestamp", document, "-o", tmp_path / "x.tsr"),
    ]
    assert [other.exit_code for other in others] == [0, 0, 0, 0]
    for token in service.tokens:
        assert all(token not in other.output for other in others)


def test_a_wrong_configuration_names_its_fault(run: Run, config: Path, tmp_path: Path) -> None:
    for text, fault in (
        ("profiles = 3", "profiles"),
        ("[profiles.a]\nbase_ulr = 'x'", "base_ulr"),
        ("[profiles.a]\nallow_http = 'yes'", "allow_http must be a bool"),
        ("default_profile = 'b'\n[profiles.a]\nbase_url = 'x'", "'b'"),
        ("[", "wrong"),
    ):
        config.write_text(text)
        failed = run("credentials")
        assert failed.exit_code == 3
        assert fault in failed.stderr
    assert run("credentials", "--config", tmp_path / "none.toml").exit_code == 3
    example = json.loads(run("config", "--example", "--json").stdout)["example"]
    config.write_text(example)
    assert run("config").exit_code == 0


def test_an_unknown_profile_is_an_error_and_a_named_one_is_used(run: Run) -> None:
    assert run("credentials", "--profile", "mau").exit_code == 0
    assert run("--profile", "mau", "credentials").exit_code == 0
    assert run("--profile", "khac", "credentials").exit_code == 3


def test_an_error_of_our_own_is_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("antin.client.credentials.list_credentials", broken)
    failed = run("credentials")
    assert failed.exit_code == 70
    assert "secret inside" not in failed.output
    assert "RuntimeError" in failed.stderr


def test_the_command_runs_as_a_program(
    config: Path, service: StandIn, document: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "antin", "--config", str(config), "sign", str(document), "-o", "ra.pdf"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(SDK), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ra.pdf").read_bytes().startswith(document.read_bytes())


def test_the_readme_shows_the_real_help() -> None:
    readme = (SDK / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"```console\n\$ (antin(?: \w+)* --help)\n(.*?)```", readme, re.DOTALL)
    assert "antin --help" in [command for command, _ in shown]
    for command, block in shown:
        printed = CliRunner().invoke(app, command.split()[1:], prog_name="antin")
        assert printed.stdout == block


def test_the_readmes_exit_codes_are_the_real_ones() -> None:
    from antin.command import exits  # noqa: PLC0415

    readme = (SDK / "README.md").read_text(encoding="utf-8")
    for code in re.findall(r"^(\d+) ", exits.__doc__ or "", re.MULTILINE):
        assert f"| {code} |" in readme
