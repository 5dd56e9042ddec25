"""OCSP and CRLs: judged by OpenSSL, revocation seen at once, and broken on purpose."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp


@pytest.fixture
def leaf(devca, make_csr):
    return x509.load_pem_x509_certificate(devca.issue(make_csr(), "personal")[0].encode())


def _issuing(devca):
    return x509.load_pem_x509_certificate(devca.issuing_pem.encode())


def _query(devca, certificate, *, issuer=None, nonce=b""):
    issuer = issuer or _issuing(devca)
    # RFC 6960 names certificates by SHA-1: an identifier, not a signature. It is what clients send.
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def _ask(devca, query):
    headers = {"Content-Type": "application/ocsp-request"}
    response = httpx.post(devca.ocsp_url, content=query, headers=headers, timeout=60)
    assert response.status_code == 200, response.text
    return ocsp.load_der_ocsp_response(response.content)


def _crl(devca, label="issuing"):
    response = httpx.get(f"{devca.base_url}/crl/{label}.crl")
    assert response.headers["Content-Type"] == "application/pkix-crl"
    return x509.load_der_x509_crl(response.content)


def _openssl_ocsp(devca, openssl, tmp_path, leaf, *, fails=False):
    (tmp_path / "root").write_text(devca.root_pem)
    (tmp_path / "issuing").write_text(devca.issuing_pem)
    (tmp_path / "leaf").write_bytes(leaf.public_bytes(Encoding.PEM))
    names = ("-CAfile", "root", "-issuer", "issuing", "-cert", "leaf", "-url", devca.ocsp_url)
    return openssl("ocsp", *names, "-verify_other", "issuing", fails=fails)


@pytest.mark.interop
def test_openssl_verifies_good_and_then_revoked(devca, openssl, tmp_path: Path, leaf):
    said = _openssl_ocsp(devca, openssl, tmp_path, leaf)
    assert "Response verify OK" in said
    assert "leaf: good" in said

    devca.revoke(leaf.serial_number, "keyCompromise")
    said = _openssl_ocsp(devca, openssl, tmp_path, leaf)
    assert "Response verify OK" in said
    assert "leaf: revoked" in said
    assert "keyCompromise" in said

    (tmp_path / "crl").write_bytes(_crl(devca).public_bytes(Encoding.PEM))
    check = ("-CAfile", "root", "-untrusted", "issuing", "-CRLfile", "crl", "-crl_check")
    assert "certificate revoked" in openssl("verify", *check, "leaf", fails=True)


def test_the_responder_holds_its_own_short_purposed_certificate(devca, leaf):
    response = _ask(devca, _query(devca, leaf, nonce=bytes(range(32))))

    responder = response.certificates[0]
    assert responder.issuer == _issuing(devca).subject
    responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
    purposes = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [each.dotted_string for each in purposes] == ["1.3.6.1.5.5.7.3.9"]
    nonce = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    assert nonce == bytes(range(32))
    assert response.this_update_utc <= datetime.now(UTC) < response.next_update_utc


def test_a_request_may_come_by_get(devca, leaf):
    path = quote(base64.b64encode(_query(devca, leaf)), safe="")
    response = httpx.get(f"{devca.ocsp_url}/{path}")
    assert ocsp.load_der_ocsp_response(response.content).serial_number == leaf.serial_number
    assert httpx.get(f"{devca.ocsp_url}/@@@").status_code == 400


def test_what_was_never_issued_is_unknown(devca, leaf):
    """An attacker with a stolen CA key issues a certificate that the index does not know."""
    request = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        *_issuer_hashes(devca, leaf),
        leaf.serial_number + 1,
        hashes.SHA1(),  # noqa: S303
    )
    answer = _ask(devca, request.build().public_bytes(Encoding.DER))
    assert answer.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def _issuer_hashes(devca, leaf):
    request = ocsp.load_der_ocsp_request(_query(devca, leaf))
    return request.issuer_name_hash, request.issuer_key_hash


def test_another_issuers_certificate_is_not_answered_for(devca, leaf):
    root = x509.load_pem_x509_certificate(devca.root_pem.encode())
    answer = _ask(devca, _query(devca, leaf, issuer=root))
    assert answer.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


@pytest.mark.parametrize("content", [b"", b"0\x00", b"<html>"])
def test_nonsense_is_a_malformed_request(devca, content):
    assert _ask(devca, content).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_another_media_type_is_not_a_request(devca, leaf):
    assert httpx.post(devca.ocsp_url, content=_query(devca, leaf)).status_code == 415


def test_a_revocation_is_in_the_next_crl_and_numbers_rise(devca, leaf):
    before = _crl(devca)
    assert before.get_revoked_certificate_by_serial_number(leaf.serial_number) is None
    assert _crl(devca).public_bytes(Encoding.DER) == before.public_bytes(Encoding.DER)

    devca.revoke(leaf.serial_number, "cessationOfOperation")
    after = _crl(devca)
    entry = after.get_revoked_certificate_by_serial_number(leaf.serial_number)
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.cessation_of_operation
    assert _number(after) == _number(before) + 1
    assert after.is_signature_valid(_issuing(devca).public_key())


def _number(crl):
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_revoking_again_keeps_the_first_time_and_reason(devca, leaf):
    devca.revoke(leaf.serial_number, "keyCompromise")
    first = _ask(devca, _query(devca, leaf))
    devca.revoke(leaf.serial_number, "superseded")
    second = _ask(devca, _query(devca, leaf))
    assert second.revocation_time_utc == first.revocation_time_utc
    assert second.revocation_reason is x509.ReasonFlags.key_compromise


def test_revoking_what_was_never_issued_is_refused(devca):
    with pytest.raises(RuntimeError, match="404"):
        devca.revoke(1)


@pytest.mark.parametrize("reason", ["certificateHold", "vì thích"])
def test_an_unknown_reason_is_refused(devca, leaf, reason):
    with pytest.raises(RuntimeError, match="keyCompromise"):
        devca.revoke(leaf.serial_number, reason)


def test_the_roots_crl_is_its_own(devca):
    root = x509.load_pem_x509_certificate(devca.root_pem.encode())
    assert _crl(devca, "root").is_signature_valid(root.public_key())


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "status"),
        [("unknown", ocsp.OCSPCertStatus.UNKNOWN), ("revoked", ocsp.OCSPCertStatus.REVOKED)],
    )
    def test_a_false_status(self, devca, leaf, fault, status):
        devca.misbehave(ocsp=fault)
        assert _ask(devca, _query(devca, leaf)).certificate_status is status
        devca.behave()
        assert _ask(devca, _query(devca, leaf)).certificate_status is ocsp.OCSPCertStatus.GOOD

    def test_try_later(self, devca, leaf):
        devca.misbehave(ocsp="try_later")
        assert _ask(devca, _query(devca, leaf)).response_status is ocsp.OCSPResponseStatus.TRY_LATER

    def test_down(self, devca, leaf):
        devca.misbehave(ocsp="down")
        headers = {"Content-Type": "application/ocsp-request"}
        assert httpx.post(devca.ocsp_url, content=_query(devca, leaf), headers=headers).status_code == 503

    def test_stale(self, devca, leaf):
        devca.misbehave(ocsp="stale")
        assert _ask(devca, _query(devca, leaf)).next_update_utc < datetime.now(UTC)

    @pytest.mark.interop
    def test_openssl_sees_the_wrong_signer(self, devca, openssl, tmp_path: Path, leaf):
        devca.misbehave(ocsp="wrong_signer")
        said = _openssl_ocsp(devca, openssl, tmp_path, leaf, fails=True)
        assert "missing ocspsigning usage" in said

    def test_a_crl_that_is_stale_or_down(self, devca):
        devca.misbehave(crl="stale")
        assert _crl(devca).next_update_utc < datetime.now(UTC)
        devca.misbehave(crl="down")
        assert httpx.get(f"{devca.base_url}/crl/issuing.crl").status_code == 503

    def test_a_huge_crl(self, devca):
        devca.misbehave(crl="huge", megabytes=8)
        assert len(httpx.get(f"{devca.base_url}/crl/issuing.crl").content) > 8 * 1024 * 1024

    def test_slow(self, devca, leaf):
        devca.misbehave(ocsp="slow", crl="slow", seconds=2)
        headers = {"Content-Type": "application/ocsp-request"}
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(devca.ocsp_url, content=_query(devca, leaf), headers=headers, timeout=0.3)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{devca.base_url}/crl/issuing.crl", timeout=0.3)

    def test_an_unknown_fault_is_refused(self, devca):
        with pytest.raises(RuntimeError, match="400"):
            devca.misbehave(tsa="on_fire")
