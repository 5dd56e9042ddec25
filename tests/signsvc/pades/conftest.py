"""Signers with certificates of a real devca, and the stamp's font."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509

from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.appearance import Appearances
from signsvc.pades.augment import Augmenter
from signsvc.pades.fetch import Fetcher
from signsvc.pades.font import StampFont, load_stamp_font
from signsvc.pades.revocation import RevocationSource
from signsvc.pades.timestamp import TimestampClient
from signsvc.pades.token import TokenVerifier
from signsvc.pades.trust import TrustAnchors
from tests.servers.devca import Devca
from tests.signsvc.pades.software_signer import SAMPLES, Services, SoftwareSigner, enrol

TINOS = Path("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf")


@pytest.fixture(scope="session")
def font(tmp_path_factory: pytest.TempPathFactory) -> StampFont:
    assert TINOS.is_file(), "Tinos is missing: install Debian's fonts-croscore"
    return load_stamp_font(TINOS, tmp_path_factory.mktemp("fonts"))


@pytest.fixture(scope="session")
def appearances(font: StampFont) -> Appearances:
    return Appearances(font)


@pytest.fixture(scope="session")
def signer(devca: Devca) -> SoftwareSigner:
    return enrol(devca, SignatureAlgorithm.ES256)


@pytest.fixture(scope="session")
def signers(devca: Devca, signer: SoftwareSigner) -> dict[SignatureAlgorithm, SoftwareSigner]:
    return {
        SignatureAlgorithm.ES256: signer,
        SignatureAlgorithm.PS256: enrol(devca, SignatureAlgorithm.PS256),
        SignatureAlgorithm.RS256: enrol(devca, SignatureAlgorithm.RS256),
    }


@pytest.fixture
def anchors(devca: Devca) -> TrustAnchors:
    return TrustAnchors([x509.load_pem_x509_certificate(devca.root_pem.encode())])


@pytest.fixture
def fetcher(devca: Devca) -> Iterator[Fetcher]:
    with Fetcher([devca.base_url]) as fetcher:
        yield fetcher


@pytest.fixture
def services(devca: Devca, anchors: TrustAnchors, fetcher: Fetcher) -> Services:
    """Fresh ones for each test: no cache, no paused authority."""

    def make() -> Services:
        timestamps = TimestampClient([devca.tsa_url], TokenVerifier(anchors), fetcher, deadline=2)
        revocations = RevocationSource(fetcher)
        return Services(timestamps, revocations, Augmenter(timestamps, revocations, anchors), make)

    return make()


@pytest.fixture
def sample(tmp_path: Path) -> Callable[[str], Path]:
    """``sample("xoay")``: a copy of a sample document that may be written."""

    def copy(name: str) -> Path:
        target = tmp_path / f"{name}.pdf"
        shutil.copyfile(SAMPLES / f"{name}.pdf", target)
        return target

    return copy
