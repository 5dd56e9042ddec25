"""Poppler's pdfsig calls our signatures valid and the document whole."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.levels import Level
from tests.interop.poppler import ask_pdfsig
from tests.interop.signing import SAMPLES, Signing, change_a_byte, enrol
from tests.servers.devca import Devca

pytestmark = pytest.mark.interop

ENCRYPTED = "ma-hoa"
DOCUMENTS = sorted(path.stem for path in SAMPLES.glob("*.pdf"))


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("name", DOCUMENTS)
def test_pdfsig_finds_a_valid_signature_and_a_whole_document(
    name: str, level: Level, nss_database: Path, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample(name)
    signing.sign(path, level, password="" if name == ENCRYPTED else None)
    signatures = ask_pdfsig(path, nss_database)
    first = signatures[0]
    assert first["Signature Validation"] == "Signature is Valid."
    assert first["Signer Certificate Common Name"] == signing.key.name
    assert first["Signature Type"] == "ETSI.CAdES.detached"
    # Revocation data follows the signature it serves; in B-LTA the document time-stamp covers it.
    covered = "Total document signed" in signatures[-1]
    assert covered == (level is not Level.B_LT)


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.PS256, SignatureAlgorithm.RS256])
def test_pdfsig_accepts_rsa(
    algorithm: SignatureAlgorithm,
    nss_database: Path,
    devca: Devca,
    signing: Signing,
    sample: Callable[[str], Path],
) -> None:
    path = sample("phu-luc")
    signing.sign(path, Level.B_B, key=enrol(devca, algorithm))
    [signature] = ask_pdfsig(path, nss_database)
    assert signature["Signature Validation"] == "Signature is Valid."
    assert "Total document signed" in signature


def test_pdfsig_says_that_a_changed_document_does_not_match(
    nss_database: Path, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample("phu-luc")
    signing.sign(path, Level.B_B)
    change_a_byte(path)
    [signature] = ask_pdfsig(path, nss_database)
    assert signature["Signature Validation"] == "Digest Mismatch."
