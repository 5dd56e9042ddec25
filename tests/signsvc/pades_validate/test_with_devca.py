"""The service's own signatures, with real OCSP, CRLs and time-stamps over HTTP."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.augment import Augmenter
from signsvc.pades.fetch import Fetcher
from signsvc.pades.levels import Level
from signsvc.pades.revocation import RevocationSource
from signsvc.pades.timestamp import TimestampClient
from signsvc.pades.token import TokenVerifier
from signsvc.pades.trust import TrustAnchors
from signsvc.pades.validate import TrustSettings, Validator
from signsvc.pades.validation.verdict import Indication, Verdict
from tests.servers.devca import Devca
from tests.signsvc.pades.software_signer import Services, SoftwareSigner, enrol, sign_document


@pytest.fixture(scope="module")
def devca_trust(devca: Devca, tmp_path_factory: pytest.TempPathFactory) -> TrustSettings:
    root = tmp_path_factory.mktemp("devca-root") / "root.pem"
    root.write_text(devca.root_pem)
    return TrustSettings(roots=(root,), allowed_urls=(devca.base_url,))


@pytest.fixture(scope="module")
def validator(devca_trust: TrustSettings) -> Iterator[Validator]:
    with Validator(devca_trust, processes=1) as made:
        yield made


@pytest.fixture
def services(devca: Devca) -> Iterator[Services]:
    anchors = TrustAnchors([x509.load_pem_x509_certificate(devca.root_pem.encode())])
    with Fetcher([devca.base_url]) as fetcher:

        def make() -> Services:
            timestamps = TimestampClient([devca.tsa_url], TokenVerifier(anchors), fetcher, deadline=10)
            revocations = RevocationSource(fetcher)
            return Services(timestamps, revocations, Augmenter(timestamps, revocations, anchors), make)

        yield make()


@pytest.fixture
def document(tmp_path: Path, samples_folder: Path) -> Path:
    path = tmp_path / "quyet-dinh.pdf"
    shutil.copyfile(samples_folder / "quyet-dinh.pdf", path)
    return path


@pytest.fixture
def check(validator: Validator, document: Path) -> Callable[[], Verdict]:
    return lambda: validator.validate(document, now=datetime.now(UTC))


def serial_of(signer: SoftwareSigner) -> int:
    return x509.load_der_x509_certificate(signer.template.chain[0]).serial_number


@pytest.mark.parametrize("level", list(Level))
def test_each_level_that_the_service_makes_is_recognised(devca, services, document, check, level):
    sign_document(document, enrol(devca, SignatureAlgorithm.ES256), level, services)

    verdict = check()

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    assert verdict.signatures[0].level is level
    assert verdict.signatures[0].training
    assert verdict.signatures[0].signing_time.kind == ("proven" if level.timestamped else "claimed")


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.PS256, SignatureAlgorithm.RS256])
def test_rsa_signatures_of_the_service_pass(devca, document, check, algorithm):
    sign_document(document, enrol(devca, algorithm))

    assert check().verdict is Indication.TOTAL_PASSED


def test_what_the_service_appends_later_is_allowed_to_every_signature(devca, services, document, check):
    for name in ("Nguyễn Văn A", "Trần Thị B"):
        sign_document(document, enrol(devca, SignatureAlgorithm.ES256, name), Level.B_LTA, services)

    verdict = check()

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    first, second = verdict.signatures
    assert {change.kind for change in first.later_changes} == {"signature", "validation_data", "timestamp"}
    assert all(change.allowed for change in first.later_changes)
    assert (first.level, second.level) == (Level.B_LTA, Level.B_LTA)
    assert len(verdict.timestamps) == 2


def test_a_revoked_certificate_does_not_pass(devca, document, check):
    signer = enrol(devca, SignatureAlgorithm.ES256)
    sign_document(document, signer)
    devca.revoke(serial_of(signer))

    verdict = check()

    assert verdict.verdict is Indication.INDETERMINATE
    assert verdict.sub_indication == "REVOKED_NO_POE"
    assert {reason.code for reason in verdict.reasons} == {"revoked"}


def test_what_was_time_stamped_before_the_revocation_stays_good(devca, services, document, check):
    signer = enrol(devca, SignatureAlgorithm.ES256)
    sign_document(document, signer, Level.B_LTA, services)
    devca.revoke(serial_of(signer))

    assert check().verdict is Indication.TOTAL_PASSED


def test_without_answers_there_is_a_warning(devca, document, check):
    sign_document(document, enrol(devca, SignatureAlgorithm.ES256))
    devca.stop()

    verdict = check()

    assert verdict.verdict is Indication.INDETERMINATE
    assert {reason.code for reason in verdict.reasons} == {"status-unknown"}


def test_a_document_at_the_end_of_its_chain_needs_no_network(devca, services, document, check):
    sign_document(document, enrol(devca, SignatureAlgorithm.ES256), Level.B_LTA, services)
    devca.stop()

    assert check().verdict is Indication.TOTAL_PASSED
