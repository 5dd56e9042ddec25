"""Revocation data is verified before it is believed, kept while it is good, and never invented."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.errors import CertificateRevoked, RevocationUnavailable
from signsvc.pades.fetch import Fetcher
from signsvc.pades.revocation import RevocationPolicy, RevocationSource
from signsvc.pades.trust import NotTrusted, TrustAnchors
from tests.servers.devca import Devca
from tests.signsvc.pades.software_signer import SoftwareSigner, enrol

FAULTS: list[dict[str, Any]] = [
    {"ocsp": "down", "crl": "down"},
    {"ocsp": "slow", "crl": "slow", "seconds": 3},
    {"ocsp": "try_later", "crl": "stale"},
    {"ocsp": "unknown", "crl": "down"},
    {"ocsp": "stale", "crl": "huge", "megabytes": 20},
    {"ocsp": "wrong_signer", "crl": "down"},
]


def _chain(signer: SoftwareSigner, anchors: TrustAnchors) -> tuple[x509.Certificate, ...]:
    leaf, *others = [x509.load_der_x509_certificate(der) for der in signer.template.chain]
    return anchors.find_chain(leaf, others, now=datetime.now(UTC))


class CountingFetcher(Fetcher):
    """Counts what is really asked."""

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(allowed)
        self.asked: list[str] = []

    def post(self, url: str, *args: Any, **settings: Any) -> bytes:
        self.asked.append(url)
        return super().post(url, *args, **settings)

    def get(self, url: str, **settings: Any) -> bytes:
        self.asked.append(url)
        return super().get(url, **settings)


def test_ocsp_is_preferred_and_kept(devca: Devca, signer: SoftwareSigner, anchors: TrustAnchors) -> None:
    chain = _chain(signer, anchors)
    now = datetime.now(UTC)
    with CountingFetcher([devca.base_url]) as fetcher:
        source = RevocationSource(fetcher)
        evidence = source.gather([chain, chain], now=now)
        asked = list(fetcher.asked)
        assert asked[0] == devca.ocsp_url
        assert len(evidence.ocsps) >= 1
        assert len(evidence.certificates) >= 3
        assert source.gather([chain], now=now) == evidence
        assert fetcher.asked == asked
        source.gather([chain], now=now + timedelta(hours=2))
        assert len(fetcher.asked) > len(asked)


def test_a_crl_serves_when_ocsp_is_away(
    devca: Devca, fetcher: Fetcher, signer: SoftwareSigner, anchors: TrustAnchors
) -> None:
    devca.misbehave(ocsp="down")
    evidence = RevocationSource(fetcher).gather([_chain(signer, anchors)], now=datetime.now(UTC))
    assert evidence.ocsps == ()
    assert len(evidence.crls) == 2


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['ocsp']}-{fault['crl']}")
def test_a_faulty_service_gives_no_evidence(
    devca: Devca, fetcher: Fetcher, signer: SoftwareSigner, anchors: TrustAnchors, fault: dict[str, Any]
) -> None:
    devca.misbehave(**fault)
    source = RevocationSource(fetcher, RevocationPolicy(seconds=1, negative=timedelta(seconds=0.1)))
    with pytest.raises(RevocationUnavailable) as refused:
        source.gather([_chain(signer, anchors)], now=datetime.now(UTC))
    assert not isinstance(refused.value, CertificateRevoked)
    assert refused.value.retry_after >= 1
    devca.behave()
    threading.Event().wait(0.15)
    assert source.gather([_chain(signer, anchors)], now=datetime.now(UTC)).ocsps


def test_a_failure_is_remembered_for_a_moment(
    devca: Devca, signer: SoftwareSigner, anchors: TrustAnchors
) -> None:
    devca.misbehave(ocsp="down", crl="down")
    with CountingFetcher([devca.base_url]) as fetcher:
        source = RevocationSource(fetcher)
        for _ in range(3):
            with pytest.raises(RevocationUnavailable):
                source.gather([_chain(signer, anchors)], now=datetime.now(UTC))
        assert len(fetcher.asked) == 2


@pytest.mark.parametrize("fault", [{}, {"ocsp": "down"}], ids=["ocsp", "crl"])
def test_a_revoked_certificate_is_told_apart_from_an_absent_answer(
    devca: Devca, fetcher: Fetcher, anchors: TrustAnchors, fault: dict[str, Any]
) -> None:
    chain = _chain(enrol(devca, SignatureAlgorithm.ES256), anchors)
    devca.revoke(chain[0].serial_number, "keyCompromise")
    if fault:
        devca.misbehave(**fault)
    with pytest.raises(CertificateRevoked):
        RevocationSource(fetcher).gather([chain], now=datetime.now(UTC))


def test_many_threads_ask_once(devca: Devca, signer: SoftwareSigner, anchors: TrustAnchors) -> None:
    chain = _chain(signer, anchors)
    with CountingFetcher([devca.base_url]) as fetcher:
        source = RevocationSource(fetcher)
        threads = [
            threading.Thread(target=source.gather, args=([chain],), kwargs={"now": datetime.now(UTC)})
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(fetcher.asked) == len(set(fetcher.asked))


def test_a_chain_is_valid_only_in_its_time_and_to_its_root(
    devca: Devca, signer: SoftwareSigner, anchors: TrustAnchors
) -> None:
    leaf, issuing, root = [x509.load_der_x509_certificate(der) for der in signer.template.chain]
    now = datetime.now(UTC)
    assert anchors.find_chain(leaf, [issuing, root], now=now) == (leaf, issuing, root)
    with pytest.raises(NotTrusted):
        anchors.find_chain(leaf, [root], now=now)
    with pytest.raises(NotTrusted):
        anchors.find_chain(leaf, [issuing], now=now + timedelta(days=365 * 50))
    with pytest.raises(NotTrusted):
        TrustAnchors([]).find_chain(leaf, [issuing, root], now=now)
    with pytest.raises(NotTrusted):
        # A leaf is no authority, whatever its name.
        TrustAnchors([leaf]).find_chain(issuing, [leaf], now=now)
