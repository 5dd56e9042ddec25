"""Foreign validators as fixtures: a missing tool is an error that names its Debian package."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.appearance import Appearances
from signsvc.pades.font import load_stamp_font
from tests.interop.poppler import make_nss_database
from tests.interop.resident import Resident
from tests.interop.signing import SAMPLES, Key, Signing, enrol
from tests.servers.devca import Devca

_TINOS = Path("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf")


@pytest.fixture(scope="session")
def dss() -> Iterator[Resident]:
    """The European Commission's DSS with its default policy."""
    program = Resident("dss", "Validate")
    yield program
    program.close()


@pytest.fixture(scope="session")
def verapdf() -> Iterator[Resident]:
    """veraPDF, for PDF/A-2b unless another flavour is asked."""
    program = Resident("verapdf", "Check")
    yield program
    program.close()


@pytest.fixture(scope="session")
def root(devca: Devca, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The development root as a PEM file."""
    path = tmp_path_factory.mktemp("root") / "root.pem"
    path.write_text(devca.root_pem, "ascii")
    return path


@pytest.fixture(scope="session")
def nss_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_nss_database(tmp_path_factory.mktemp("nss"))


@pytest.fixture(scope="session")
def key(devca: Devca) -> Key:
    return enrol(devca, SignatureAlgorithm.ES256)


@pytest.fixture(scope="session")
def appearances(tmp_path_factory: pytest.TempPathFactory) -> Appearances:
    assert _TINOS.is_file(), "Tinos is missing: install Debian's fonts-croscore"
    return Appearances(load_stamp_font(_TINOS, tmp_path_factory.mktemp("fonts")))


@pytest.fixture
def signing(devca: Devca, key: Key, appearances: Appearances) -> Iterator[Signing]:
    """Fresh for each test: no answers kept from another."""
    signing = Signing(devca, key, appearances)
    yield signing
    signing.close()


@pytest.fixture
def sample(tmp_path: Path) -> Callable[[str], Path]:
    """``sample("xoay")``: a copy of a sample document that may be written."""

    def copy(name: str) -> Path:
        target = tmp_path / f"{name}.pdf"
        shutil.copyfile(SAMPLES / f"{name}.pdf", target)
        return target

    return copy
