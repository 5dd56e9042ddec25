"""An authority with CRLs over HTTP, and a judge that trusts it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from signsvc.pades.validation.judge import judge
from signsvc.pades.validation.policy import Policy
from signsvc.pades.validation.trust_settings import TrustSettings
from signsvc.pades.validation.verdict import Verdict
from tests.signsvc.pades_validate.pki import NOW, Authority, CrlServer, Holder, serve_crls

Judge = Callable[..., Verdict]


@pytest.fixture(scope="session")
def served() -> Iterator[CrlServer]:
    with serve_crls() as server:
        yield server


@pytest.fixture
def crls(served: CrlServer) -> Iterator[CrlServer]:
    yield served
    served.moment, served.away = NOW, False
    served.authority.revoked.clear()
    served.asked.clear()


@pytest.fixture
def authority(crls: CrlServer) -> Authority:
    return crls.authority


@pytest.fixture(scope="session")
def holder(served: CrlServer) -> Holder:
    return served.authority.issue()


@pytest.fixture(scope="session")
def trust(served: CrlServer, tmp_path_factory: pytest.TempPathFactory) -> TrustSettings:
    root = served.authority.write_roots(tmp_path_factory.mktemp("roots"))
    return TrustSettings(roots=(root,), allowed_urls=(served.url,))


@pytest.fixture(scope="session")
def policy(trust: TrustSettings) -> Policy:
    return Policy(trust)


@pytest.fixture
def verdict_on(policy: Policy, tmp_path: Path) -> Judge:
    """``verdict_on(document)``: judged in this process."""

    def run(document: bytes, *, now: datetime = NOW, by: Policy = policy) -> Verdict:
        path = tmp_path / "document.pdf"
        path.write_bytes(document)
        return judge(path, by, now)

    return run


def codes(verdict: Verdict, index: int = 0) -> set[str]:
    """Why the signature was not passed."""
    return {reason.code for reason in verdict.signatures[index].reasons}


@pytest.fixture
def reasons() -> Callable[..., set[str]]:
    return codes


@pytest.fixture(scope="session")
def samples_folder() -> Path:
    folder = Path(__file__).parents[2] / "samples"
    assert folder.is_dir(), f"the sample documents are missing: {folder}"
    return folder
