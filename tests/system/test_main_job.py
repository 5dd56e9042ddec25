"""The main job, end to end, on real parts: a one-stop system has a real decision signed."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.servers.stack import RegisteredClient, Stack

SAMPLES = Path(__file__).parents[1] / "samples"


def _pdfsig(path: Path) -> str:
    return subprocess.run(["pdfsig", "-nocert", str(path)], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_a_decision_is_signed_by_the_command_and_found_valid(
    stack: Stack, one_stop: RegisteredClient, tmp_path: Path, level: str
) -> None:
    signed = tmp_path / "signed.pdf"
    done = stack.antin(
        one_stop, "sign", str(SAMPLES / "quyet-dinh.pdf"), "-o", str(signed), "--level", level, "--json"
    )
    assert done.returncode == 0, done.stderr + stack.logged()
    assert "Signature is Valid." in _pdfsig(signed)
    checked = stack.antin(one_stop, "verify", str(signed), "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    verdict = json.loads(checked.stdout)
    assert verdict["verdict"] == "TOTAL_PASSED"
    assert [one["level"] for one in verdict["signatures"]] == [level]


def test_one_call_with_curl_signs_a_document(
    stack: Stack, one_stop: RegisteredClient, tmp_path: Path
) -> None:
    sample = SAMPLES / "phu-luc.pdf"
    token = stack.antin(one_stop, "token", "--file", str(sample))
    assert token.returncode == 0, token.stderr
    signed = tmp_path / "signed.pdf"
    url = f"{stack.base_url}/v1/sign?credential_id={one_stop.credential_id}&level=B-T"
    bearer = f"Authorization: Bearer {token.stdout.strip()}"
    curl = [
        "curl", "-sS", "--fail-with-body", "-o", str(signed), "-H", bearer,
        "-H", "Content-Type: application/pdf", "--data-binary", f"@{sample}", url,
    ]  # fmt: skip
    done = subprocess.run(curl, check=False, capture_output=True, text=True)
    assert done.returncode == 0, signed.read_text(errors="replace")[:2000] + stack.logged()
    assert "Signature is Valid." in _pdfsig(signed)
    first = signed.read_bytes()
    again = subprocess.run(curl, check=False, capture_output=True, text=True)
    assert again.returncode == 0, "a repeat after a lost answer gets the same answer"
    assert signed.read_bytes() == first, "one token signed the same file twice"


def test_every_service_answers_health_and_metrics(stack: Stack) -> None:
    for base in (stack.base_url, stack.issuer):
        for path in ("/healthz", "/readyz", "/metrics"):
            assert httpx.get(base + path, trust_env=False).status_code == httpx.codes.OK
