"""What the whole service delivers, on every sample and on the large ones: foreign validators accept it."""

import json
import os
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from tests.interop.poppler import ask_pdfsig
from tests.interop.resident import Resident
from tests.interop.timestamps import ask_openssl, find_timestamps
from tests.servers.stack import RegisteredClient, Stack

pytestmark = pytest.mark.interop

SAMPLES = Path(__file__).parents[1] / "samples"
DOCUMENTS = sorted(path.stem for path in SAMPLES.glob("*.pdf"))
MIB = 1024 * 1024


def _sign(
    stack: Stack, client: RegisteredClient, document: Path, signed: Path, *options: str
) -> dict[str, Any]:
    done = stack.antin(client, "sign", str(document), "-o", str(signed), "--json", *options)
    assert done.returncode == 0, done.stdout + done.stderr + stack.logged()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _verify(stack: Stack, client: RegisteredClient, signed: Path) -> dict[str, Any]:
    done = stack.antin(client, "verify", str(signed), "--json")
    verdict: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0, verdict
    return verdict


def _check_dss(dss: Resident, root: Path, signed: Path, signatures: int) -> None:
    found = dss.ask("--trust", str(root), str(signed))["signatures"]
    assert [one["indication"] for one in found] == ["TOTAL_PASSED"] * signatures
    assert found[-1]["level"] == "PAdES-BASELINE-LTA"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_sample_is_signed_at_b_lta_and_accepted_everywhere(
    stack: Stack,
    one_stop: RegisteredClient,
    dss: Resident,
    root: Path,
    nss_database: Path,
    tmp_path: Path,
    name: str,
) -> None:
    signed = tmp_path / "signed.pdf"
    _sign(stack, one_stop, SAMPLES / f"{name}.pdf", signed, "--level", "B-LTA")
    _check_dss(dss, root, signed, 1)
    [signature] = _verify(stack, one_stop, signed)["signatures"]
    assert (signature["verdict"], signature["level"]) == ("TOTAL_PASSED", "B-LTA")
    assert signature["training"]
    stamps = find_timestamps(signed)
    assert [stamp.kind for stamp in stamps] == ["signature", "document"]
    for stamp in stamps:
        assert "Verification: OK" in ask_openssl(stamp, root, tmp_path).stdout
    assert ask_pdfsig(signed, nss_database)[0]["Signature Validation"] == "Signature is Valid."


def test_a_document_that_opens_with_a_password_only_is_refused_in_words(
    stack: Stack, one_stop: RegisteredClient, tmp_path: Path
) -> None:
    encrypted, signed = tmp_path / "encrypted.pdf", tmp_path / "signed.pdf"
    with pikepdf.open(SAMPLES / "phu-luc.pdf") as pdf:
        pdf.save(encrypted, encryption=pikepdf.Encryption(owner="owner", user="secret", R=6))
    done = stack.antin(one_stop, "sign", str(encrypted), "-o", str(signed), "--json")
    answer = json.loads(done.stdout)
    assert answer["status"] == 422
    assert answer["findings"][0]["message"]
    assert not signed.exists()


def test_the_archive_sample_is_still_pdf_a_2b(
    stack: Stack, one_stop: RegisteredClient, verapdf: Resident, tmp_path: Path
) -> None:
    signed = tmp_path / "signed.pdf"
    _sign(
        stack, one_stop, SAMPLES / "quyet-dinh-pdfa.pdf", signed, "--level", "B-LTA",
        "--visible", "page=-1,rect=300:60:540:140", "--text", "Ký bởi: Con dấu MẪU", "--image",
        str(SAMPLES / "con-dau-36mm.png"),
    )  # fmt: skip
    assert verapdf.ask("--flavour", "2b", str(signed))["compliant"]


def test_a_second_signature_leaves_the_first_valid(
    stack: Stack, one_stop: RegisteredClient, dss: Resident, root: Path, tmp_path: Path
) -> None:
    once, twice = tmp_path / "once.pdf", tmp_path / "twice.pdf"
    _sign(stack, one_stop, SAMPLES / "quyet-dinh.pdf", once, "--level", "B-LTA")
    _sign(stack, one_stop, once, twice, "--level", "B-LTA")
    _check_dss(dss, root, twice, 2)
    first, second = _verify(stack, one_stop, twice)["signatures"]
    assert (first["verdict"], second["verdict"]) == ("TOTAL_PASSED", "TOTAL_PASSED")
    assert {change["kind"] for change in first["later_changes"]} >= {"signature", "timestamp"}
    assert all(change["allowed"] for change in first["later_changes"])


@pytest.mark.slow
def test_a_file_of_100_mb_is_signed(
    stack: Stack, one_stop: RegisteredClient, nss_database: Path, tmp_path: Path
) -> None:
    large, signed = tmp_path / "large.pdf", tmp_path / "signed.pdf"
    with pikepdf.open(SAMPLES / "ban-quet.pdf") as scan, pikepdf.new() as document:
        while len(document.pages) < 100:
            document.pages.extend(scan.pages)
        for page in document.pages:
            # As scanned pages are: bytes that no filter makes smaller.
            page.obj["/PieceInfo"] = document.make_stream(os.urandom(MIB))
        document.save(large)
    assert large.stat().st_size > 100 * MIB
    _sign(stack, one_stop, large, signed, "--level", "B-T")
    assert ask_pdfsig(signed, nss_database)[0]["Signature Validation"] == "Signature is Valid."


@pytest.mark.slow
def test_a_file_of_2000_pages_is_signed(
    stack: Stack, one_stop: RegisteredClient, dss: Resident, root: Path, tmp_path: Path
) -> None:
    long, signed = tmp_path / "long.pdf", tmp_path / "signed.pdf"
    with pikepdf.open(SAMPLES / "quyet-dinh.pdf") as decision, pikepdf.new() as document:
        while len(document.pages) < 2000:
            document.pages.extend(decision.pages)
        document.save(long)
    visible = ("--visible", "page=2000,rect=300:60:540:140", "--text", "MẪU")
    _sign(stack, one_stop, long, signed, "--level", "B-LTA", *visible)
    _check_dss(dss, root, signed, 1)
    assert _verify(stack, one_stop, signed)["document"]["pages"] == 2000
