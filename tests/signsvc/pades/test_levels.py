"""Each level is reached, says pyHanko's own AdES validation with the development root alone."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import ades
from pyhanko.sign.validation.policy_decl import PdfSignatureValidationSpec, SignatureValidationSpec
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from signsvc.pades.levels import Level
from tests.servers.devca import Devca
from tests.signsvc.pades.software_signer import Services, SoftwareSigner, sign_document


def _validate(path: Path, devca: Devca, level: Level) -> Any:
    root = asn1_x509.Certificate.load(pem.unarmor(devca.root_pem.encode())[2])
    policy = REQUIRE_REVINFO if level.long_term else NO_REVOCATION
    spec = PdfSignatureValidationSpec(
        SignatureValidationSpec(
            CertValidationPolicySpec(SimpleTrustManager.build([root]), CertRevTrustPolicy(policy))
        )
    )
    check = {
        Level.B_B: ades.ades_basic_validation,
        Level.B_T: ades.ades_with_time_validation,
        Level.B_LT: ades.ades_with_time_validation,
        Level.B_LTA: ades.ades_lta_validation,
    }[level]
    with path.open("rb") as file:
        signature = PdfFileReader(file).embedded_regular_signatures[0]
        return asyncio.run(check(signature, spec))


@pytest.mark.parametrize("level", list(Level))
def test_every_level_is_reached(
    level: Level, devca: Devca, signer: SoftwareSigner, services: Services, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh")
    sign_document(path, signer, level, services)
    result = _validate(path, devca, level)
    assert result.ades_subindic is AdESPassed.OK, result.failure_msg
