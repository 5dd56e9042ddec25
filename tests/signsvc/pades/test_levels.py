"""Each level is reached, says pyHanko's own validation with the development root alone, offline."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.ades import ades_lta_validation, ades_with_time_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.policy_decl import PdfSignatureValidationSpec, SignatureValidationSpec
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from signsvc.pades.levels import Level
from tests.servers.devca import Devca
from tests.signsvc.pades.software_signer import Services, SoftwareSigner, sign_document


def _root(devca: Devca) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(pem.unarmor(devca.root_pem.encode())[2])


def _spec(devca: Devca, policy: Any) -> SignatureValidationSpec:
    trust = SimpleTrustManager.build([_root(devca)])
    return SignatureValidationSpec(CertValidationPolicySpec(trust, CertRevTrustPolicy(policy)))


def test_b_b_has_a_signature_and_nothing_more(
    devca: Devca, signer: SoftwareSigner, services: Services, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh")
    sign_document(path, signer, Level.B_B, services)
    with path.open("rb") as file:
        reader = PdfFileReader(file)
        context = ValidationContext(trust_roots=[_root(devca)])
        status = validate_pdf_signature(reader.embedded_signatures[0], context)
        assert status.bottom_line
        assert status.timestamp_validity is None
        assert "/DSS" not in reader.root


def test_b_t_has_a_trusted_time(
    devca: Devca, signer: SoftwareSigner, services: Services, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh")
    sign_document(path, signer, Level.B_T, services)
    with path.open("rb") as file:
        signature = PdfFileReader(file).embedded_signatures[0]
        signature.compute_integrity_info()
        result = asyncio.run(
            ades_with_time_validation(
                signature.signed_data,
                _spec(devca, NO_REVOCATION),
                raw_digest=signature.compute_digest(),
            )
        )
        assert result.ades_subindic is AdESPassed.OK, result.failure_msg


def test_b_lt_carries_all_that_validation_needs(
    devca: Devca, signer: SoftwareSigner, services: Services, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh")
    sign_document(path, signer, Level.B_LT, services)
    with path.open("rb") as file:
        reader = PdfFileReader(file)
        settings = {"trust_roots": [_root(devca)], "revocation_mode": "require", "allow_fetching": False}
        context = DocumentSecurityStore.read_dss(reader).as_validation_context(settings)
        status = validate_pdf_signature(reader.embedded_signatures[0], context)
        assert status.bottom_line
        assert status.timestamp_validity.valid
        assert not reader.embedded_timestamp_signatures


@pytest.mark.parametrize("renewals", [0, 2])
def test_b_lta_is_sealed_by_a_document_timestamp_and_can_be_renewed(
    renewals: int, devca: Devca, signer: SoftwareSigner, services: Services, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh-pdfa")
    now = sign_document(path, signer, Level.B_LTA, services).now
    for _ in range(renewals):
        services.augmenter.renew(path, now=now)
    with path.open("rb") as file:
        reader = PdfFileReader(file)
        assert len(reader.embedded_timestamp_signatures) == 1 + renewals
        spec = PdfSignatureValidationSpec(_spec(devca, REQUIRE_REVINFO))
        result = asyncio.run(ades_lta_validation(reader.embedded_regular_signatures[0], spec))
        assert result.ades_subindic is AdESPassed.OK, result.failure_msg
