"""EU DSS accepts what we sign, at the level we say, and refuses what it should."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.levels import Level
from tests.interop import stamps
from tests.interop.resident import Resident
from tests.interop.signing import SAMPLES, Signing, change_a_byte, enrol
from tests.servers.devca import Devca

pytestmark = pytest.mark.interop

ENCRYPTED = "ma-hoa"
DOCUMENTS = sorted(path.stem for path in SAMPLES.glob("*.pdf"))


def _check_passed(signature: dict[str, Any], level: Level) -> None:
    said = {name: signature[name] for name in ("indication", "level", "sub_indication", "errors", "warnings")}
    assert said == {
        "indication": "TOTAL_PASSED",
        "level": f"PAdES-BASELINE-{level.removeprefix('B-')}",
        "sub_indication": None,
        "errors": [],
        "warnings": [],
    }
    assert signature["byte_range_valid"]
    assert signature["dictionary_consistent"]
    assert signature["annotation_changes"] == []
    assert signature["undefined_changes"] == []
    assert {stamp["indication"] for stamp in signature["timestamps"]} <= {"PASSED"}


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_sample_passes_at_every_level(
    name: str,
    level: Level,
    dss: Resident,
    root: Path,
    devca: Devca,
    signing: Signing,
    sample: Callable[[str], Path],
) -> None:
    path = sample(name)
    signing.sign(path, level, password="" if name == ENCRYPTED else None)
    # A long-term document must carry all that is needed: for it DSS may fetch nothing.
    online = () if level.long_term else ("--online", devca.base_url)
    [signature] = dss.ask("--trust", str(root), *online, str(path))["signatures"]
    _check_passed(signature, level)
    assert signature["signed_by"] == signing.key.name
    kinds = [stamp["type"] for stamp in signature["timestamps"]]
    expected = ["SIGNATURE_TIMESTAMP"] * level.timestamped
    expected += ["DOCUMENT_TIMESTAMP"] * (level is Level.B_LTA)
    assert kinds == expected


@pytest.mark.parametrize("name", ["quyet-dinh-pdfa", "xoay", "ban-quet"])
def test_a_visible_signature_passes(
    name: str, dss: Resident, root: Path, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample(name)
    signing.sign(path, Level.B_LTA, visible=stamps.BOTH)
    [signature] = dss.ask("--trust", str(root), str(path))["signatures"]
    _check_passed(signature, Level.B_LTA)


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.PS256, SignatureAlgorithm.RS256])
def test_an_rsa_signature_passes(
    algorithm: SignatureAlgorithm,
    dss: Resident,
    root: Path,
    devca: Devca,
    signing: Signing,
    sample: Callable[[str], Path],
) -> None:
    path = sample("phu-luc")
    signing.sign(path, Level.B_LTA, key=enrol(devca, algorithm))
    [signature] = dss.ask("--trust", str(root), str(path))["signatures"]
    _check_passed(signature, Level.B_LTA)


@pytest.mark.parametrize("first", [Level.B_B, Level.B_LTA])
def test_a_second_signature_leaves_the_first_valid(
    first: Level, dss: Resident, root: Path, devca: Devca, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh")
    signing.sign(path, first, visible=stamps.SEAL)
    second = enrol(devca, SignatureAlgorithm.ES256, "Trần Thị Mẫu")
    signing.sign(path, Level.B_LTA, key=second, visible=stamps.BOTH)
    answer = dss.ask("--trust", str(root), "--online", devca.base_url, str(path))
    assert answer["valid_signatures"] == 2
    by_name = {signature["signed_by"]: signature for signature in answer["signatures"]}
    assert by_name.keys() == {signing.key.name, second.name}
    _check_passed(by_name[second.name], Level.B_LTA)
    assert by_name[signing.key.name]["indication"] == "TOTAL_PASSED"
    if first is Level.B_LTA:
        _check_passed(by_name[signing.key.name], Level.B_LTA)


def test_a_renewed_archive_passes(
    dss: Resident, root: Path, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample("phu-luc")
    signing.sign(path, Level.B_LTA)
    for _ in range(2):
        signing.renew(path)
    [signature] = dss.ask("--trust", str(root), str(path))["signatures"]
    _check_passed(signature, Level.B_LTA)
    assert len(signature["timestamps"]) == 4


def test_a_document_changed_after_signing_fails(
    dss: Resident, root: Path, devca: Devca, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample("phu-luc")
    signing.sign(path, Level.B_T)
    change_a_byte(path)
    answer = dss.ask("--trust", str(root), "--online", devca.base_url, str(path))
    [signature] = answer["signatures"]
    assert (signature["indication"], signature["sub_indication"]) == ("TOTAL_FAILED", "HASH_FAILURE")


def test_a_signature_under_an_unknown_root_is_indeterminate(
    dss: Resident, devca: Devca, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample("phu-luc")
    signing.sign(path, Level.B_B)
    [signature] = dss.ask("--online", devca.base_url, str(path))["signatures"]
    said = (signature["indication"], signature["sub_indication"])
    assert said == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")


def test_a_signature_of_a_revoked_certificate_does_not_pass(
    dss: Resident, root: Path, devca: Devca, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample("phu-luc")
    revoked = enrol(devca, SignatureAlgorithm.ES256)
    devca.revoke(revoked.serial, "keyCompromise")
    signing.sign(path, Level.B_B, key=revoked)
    answer = dss.ask("--trust", str(root), "--online", devca.base_url, str(path))
    [signature] = answer["signatures"]
    assert (signature["indication"], signature["sub_indication"]) == ("INDETERMINATE", "REVOKED_NO_POE")


def test_dss_asks_nobody_but_the_services_it_was_given(
    dss: Resident, root: Path, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample("phu-luc")
    signing.sign(path, Level.B_B)
    elsewhere = "http://127.0.0.1:9"
    [signature] = dss.ask("--trust", str(root), "--online", elsewhere, str(path))["signatures"]
    assert signature["indication"] == "INDETERMINATE"
    assert "No revocation data found for the certificate!" in signature["errors"]
