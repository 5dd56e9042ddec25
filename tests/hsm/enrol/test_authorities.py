"""The adapters: devca over HTTP, and the portal that only a person can use."""

from datetime import UTC, datetime
from pathlib import Path

import devca.names
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hsm.algorithms import SignatureAlgorithm
from hsm.enrol.authority import Authority, Issued, Pending
from hsm.enrol.chain import check_chain
from hsm.enrol.csr import build_csr
from hsm.enrol.devca import DevelopmentAuthority
from hsm.enrol.errors import (
    AuthorityRefused,
    AuthorityUnavailable,
    ChainBroken,
    ChainForeign,
    ChainTrainingMismatch,
    RequestRefused,
)
from hsm.enrol.manual import ManualAuthority
from hsm.enrol.training import TRAINING_POLICY, is_training

KEY = ec.generate_private_key(ec.SECP256R1())
SPKI = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _sign(digest: bytes) -> bytes:
    return KEY.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


@pytest.fixture(scope="module")
def csr():
    return build_csr({"C": "VN", "CN": "Sở Nội vụ"}, SPKI, SignatureAlgorithm.ES256, _sign)


def _load(chain):
    return [x509.load_pem_x509_certificate(each.encode()) for each in chain]


@pytest.fixture
def authority(devca):
    with DevelopmentAuthority(devca.base_url, devca.secret) as adapter:
        yield adapter


@pytest.mark.parametrize("profile", ["organisation-seal", "service-seal-rsa", "personal"])
def test_devcas_chain_activates_a_training_credential_only(devca, authority: Authority, csr, profile):
    answer = authority.request(csr, profile, reference="c-1")
    assert isinstance(answer, Issued)
    chain = _load(answer.chain)
    assert len(chain) == 3
    root = x509.load_pem_x509_certificate(devca.root_pem.encode())

    def check(*, training):
        check_chain(
            chain,
            spki=SPKI,
            anchors=[root],
            training=training,
            training_allowed=True,
            now=datetime.now(UTC),
        )

    check(training=True)
    with pytest.raises(ChainTrainingMismatch):
        check(training=False)


def test_both_programs_mean_the_same_mark():
    """The key process may not import devca; this holds the two constants together."""
    assert devca.names.TRAINING_POLICY.dotted_string == TRAINING_POLICY
    assert devca.names.MARK == "MẪU"


def test_a_name_of_sixty_four_letters_comes_through(authority):
    long = build_csr(
        {"C": "VN", "CN": "Ủy ban nhân dân " * 3 + "xã Đại Lộc"}, SPKI, SignatureAlgorithm.ES256, _sign
    )
    chain = _load(authority.request(long, "organisation-seal", reference="c-1").chain)
    assert is_training(chain)


def test_a_stranger_gets_no_certificate(devca, csr):
    with (
        DevelopmentAuthority(devca.base_url, "wrong") as authority,
        pytest.raises(AuthorityRefused, match="401") as raised,
    ):
        authority.request(csr, "personal", reference="c-1")
    assert devca.secret not in str(raised.value) + raised.value.detail


def test_an_unknown_profile_or_a_bad_request_is_refused(authority, csr):
    with pytest.raises(AuthorityRefused):
        authority.request(csr, "oidc-token", reference="c-1")
    with pytest.raises(AuthorityRefused, match="PKCS#10"):
        authority.request("no request", "personal", reference="c-1")
    with pytest.raises(AuthorityRefused):
        authority.collect(csr, reference="c-1")


def test_an_authority_that_is_away_is_unavailable_not_unwilling(devca, csr):
    with DevelopmentAuthority(devca.base_url, devca.secret, timeout=2) as authority:
        devca.stop()
        with pytest.raises(AuthorityUnavailable):
            authority.request(csr, "personal", reference="c-1")


def test_the_portal_way_waits_for_a_person_and_takes_what_they_bring(devca, csr, tmp_path: Path):
    manual: Authority = ManualAuthority(tmp_path / "portal")
    pending = manual.request(csr, "organisation-seal", reference="c-1")
    assert isinstance(pending, Pending)
    assert "c-1.csr.pem" in pending.next_step
    assert "c-1.csr.pem" in pending.next_step_en
    assert isinstance(manual.collect(csr, reference="c-1"), Pending)

    submitted = (tmp_path / "portal" / "c-1.csr.pem").read_text()
    leaf, issuing, root = devca.issue(submitted, "organisation-seal")
    (tmp_path / "portal" / "c-1.chain.pem").write_text(root + issuing + leaf)
    answer = manual.collect(csr, reference="c-1")
    assert isinstance(answer, Issued)
    assert _load(answer.chain) == _load([leaf, issuing, root])


def test_asking_again_is_harmless_but_another_request_is_not_overwritten(csr, tmp_path: Path):
    manual = ManualAuthority(tmp_path)
    assert manual.request(csr, "personal", reference="c-1") == manual.request(
        csr, "personal", reference="c-1"
    )
    other = build_csr({"CN": "Khác"}, SPKI, SignatureAlgorithm.ES256, _sign)
    with pytest.raises(AuthorityRefused):
        manual.request(other, "personal", reference="c-1")
    assert (tmp_path / "c-1.csr.pem").read_text() == csr


def test_somebody_elses_chain_in_the_folder_is_refused(csr, tmp_path: Path, pki):
    manual = ManualAuthority(tmp_path)
    (tmp_path / "c-1.cer").write_bytes(pki.leaf().public_bytes(Encoding.DER))
    with pytest.raises(ChainForeign):
        manual.collect(csr, reference="c-1")
    (tmp_path / "c-1.chain.pem").write_text("chưa xong")
    with pytest.raises(ChainBroken):
        manual.collect(csr, reference="c-1")


@pytest.mark.parametrize("reference", ["", "../../etc/passwd", "a/b", ".hidden", "a.b", "a" * 101, "a\n"])
def test_a_reference_cannot_leave_the_folder(csr, tmp_path: Path, authority, reference):
    with pytest.raises(RequestRefused):
        ManualAuthority(tmp_path / "portal").request(csr, "personal", reference=reference)
    with pytest.raises(RequestRefused):
        authority.request(csr, "personal", reference=reference)
    assert not (tmp_path / "portal").exists()


def test_a_folder_that_cannot_be_used_is_unavailable(csr, tmp_path: Path):
    (tmp_path / "file").write_text("")
    manual = ManualAuthority(tmp_path / "file")
    with pytest.raises(AuthorityUnavailable):
        manual.request(csr, "personal", reference="c-1")
    with pytest.raises(AuthorityUnavailable):
        manual.collect(csr, reference="c-1")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]
