"""A level is reached or refused aloud; the file is never left in between."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.augment import Signed
from signsvc.pades.errors import (
    CertificateRevoked,
    LevelUnreachable,
    RevocationUnavailable,
    TimestampUnavailable,
)
from signsvc.pades.levels import Level
from tests.servers.devca import Devca
from tests.signsvc.pades.software_signer import Services, SoftwareSigner, enrol, sign_document


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"ocsp": "down", "crl": "down"}, RevocationUnavailable),
        ({"ocsp": "revoked"}, CertificateRevoked),
        ({"tsa": "down"}, TimestampUnavailable),
        ({"tsa": "wrong_imprint"}, TimestampUnavailable),
    ],
    ids=["no revocation data", "revoked", "no TSA", "wrong TSA"],
)
def test_a_level_out_of_reach_is_an_error_and_can_be_reached_later(
    devca: Devca,
    signer: SoftwareSigner,
    services: Services,
    sample: Callable[[str], Path],
    fault: dict[str, Any],
    error: type[LevelUnreachable],
) -> None:
    path = sample("quyet-dinh")
    done = sign_document(path, signer, Level.B_T, services)
    before = path.read_bytes()
    signed = Signed(len(before), signer.template.chain, done.token)
    devca.misbehave(**fault)
    with pytest.raises(error):
        services.augmenter.augment(path, signed, Level.B_LTA, now=datetime.now(UTC))
    assert path.read_bytes() == before
    devca.behave()
    fresh = services.fresh()
    fresh.augmenter.augment(path, signed, Level.B_LTA, now=datetime.now(UTC))
    assert path.read_bytes().startswith(before)


def test_nothing_is_signed_at_b_b_when_b_t_was_asked(
    devca: Devca, signer: SoftwareSigner, services: Services, sample: Callable[[str], Path]
) -> None:
    devca.misbehave(tsa="down")
    path = sample("quyet-dinh")
    with pytest.raises(TimestampUnavailable):
        sign_document(path, signer, Level.B_T, services)
    with path.open("rb") as file:
        contents = PdfFileReader(file).root["/AcroForm"]["/Fields"][0]["/V"].raw_get("/Contents")
    assert set(bytes(contents)) == {0}


def test_an_interrupted_augmentation_starts_over(
    signer: SoftwareSigner, services: Services, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh")
    done = sign_document(path, signer, Level.B_T, services)
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"99 0 obj\n<< /Half ")
    signed = Signed(size, signer.template.chain, done.token)
    services.augmenter.augment(path, signed, Level.B_LT, now=datetime.now(UTC))
    assert b"/Half" not in path.read_bytes()


def test_a_second_signature_adds_only_the_evidence_that_is_new(
    devca: Devca, signer: SoftwareSigner, services: Services, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh")
    sign_document(path, signer, Level.B_LTA, services)
    first = _evidence(path)
    sign_document(path, signer, Level.B_LTA, services)
    again = _evidence(path)
    assert first < again, "a second signature by the same signer has answers of its own time"
    assert len(again - first) <= 2, "a response for the signer, and one for the authority"
    sign_document(path, enrol(devca, SignatureAlgorithm.ES256), Level.B_LT, services)
    both = _evidence(path)
    assert again < both
    assert len(both - again) == 2, "one certificate and one response"


def test_an_encrypted_document_reaches_b_lta_and_stays_encrypted(
    signer: SoftwareSigner, services: Services, sample: Callable[[str], Path]
) -> None:
    path = sample("ma-hoa")
    sign_document(path, signer, Level.B_LTA, services, password="owner")
    with path.open("rb") as file:
        reader = PdfFileReader(file)
        assert reader.encrypted
        reader.decrypt(b"owner")
        assert len(reader.embedded_signatures) == 2
        assert "/DSS" in reader.root


def test_a_document_without_a_timestamp_cannot_be_renewed(
    signer: SoftwareSigner, services: Services, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh")
    sign_document(path, signer, Level.B_T, services)
    before = path.read_bytes()
    with pytest.raises(LevelUnreachable):
        services.augmenter.renew(path, now=datetime.now(UTC))
    assert path.read_bytes() == before


def _evidence(path: Path) -> set[bytes]:
    with path.open("rb") as file:
        store = PdfFileReader(file).root["/DSS"]
        return {
            bytes(item.get_object().data)
            for key in ("/Certs", "/OCSPs", "/CRLs")
            if key in store
            for item in store[key]
        }
