"""A PDF/A-2b document is still PDF/A-2b when it is signed, says veraPDF."""

from collections.abc import Callable
from pathlib import Path

import pytest

from signsvc.pades.appearance import VisibleSignature
from signsvc.pades.levels import Level
from tests.interop import stamps
from tests.interop.archive_document import make_pdfa_1b
from tests.interop.resident import Resident
from tests.interop.signing import SAMPLES, Signing

pytestmark = pytest.mark.interop

PDFA = "quyet-dinh-pdfa"
STAMPS = [None, stamps.TEXT, stamps.SEAL, stamps.BOTH]


@pytest.mark.parametrize("visible", STAMPS, ids=["invisible", "text", "seal", "both"])
@pytest.mark.parametrize("level", list(Level))
def test_a_signed_archive_document_is_still_pdf_a_2b(
    level: Level,
    visible: VisibleSignature | None,
    verapdf: Resident,
    signing: Signing,
    sample: Callable[[str], Path],
) -> None:
    path = sample(PDFA)
    signing.sign(path, level, visible=visible)
    answer = verapdf.ask(str(path))
    assert answer["failed"] == {}
    assert answer["compliant"]


def test_a_second_signature_and_a_renewal_keep_pdf_a_2b(
    verapdf: Resident, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample(PDFA)
    signing.sign(path, Level.B_LTA, visible=stamps.SEAL)
    signing.sign(path, Level.B_LTA, visible=stamps.BOTH)
    signing.renew(path)
    answer = verapdf.ask(str(path))
    assert answer["failed"] == {}
    assert answer["compliant"]


@pytest.mark.parametrize("visible", STAMPS, ids=["invisible", "text", "seal", "both"])
def test_a_signed_pdf_a_1b_is_still_pdf_a_1b(
    visible: VisibleSignature | None, verapdf: Resident, signing: Signing, tmp_path: Path
) -> None:
    path = make_pdfa_1b(tmp_path / "pdfa-1b.pdf")
    assert verapdf.ask("--flavour", "1b", str(path))["failed"] == {}
    signing.sign(path, Level.B_LTA, visible=visible)
    answer = verapdf.ask("--flavour", "1b", str(path))
    assert answer["failed"] == {}
    assert answer["compliant"]


def test_verapdf_says_no_to_a_document_that_is_none(verapdf: Resident) -> None:
    answer = verapdf.ask(str(SAMPLES / "quyet-dinh.pdf"))
    assert not answer["compliant"]
    assert answer["failed"]
