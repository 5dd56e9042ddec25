"""Time-stamps: judged by OpenSSL and pyHanko, and broken on purpose."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from asn1crypto import core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from devca import der
from devca.names import TIMESTAMP_POLICY
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleTrustManager

DIGEST = hashlib.sha256("Quyết định".encode()).digest()


def _query(**changes):
    fields = {
        "version": "v1",
        "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": DIGEST},
        "nonce": 2**63 + 5,
        "cert_req": True,
        **changes,
    }
    return tsp.TimeStampReq({name: value for name, value in fields.items() if value is not None}).dump()


def _ask(devca, query):
    headers = {"Content-Type": "application/timestamp-query"}
    response = httpx.post(devca.tsa_url, content=query, headers=headers, timeout=60)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/timestamp-reply"
    return response.content


def _token(answer):
    response = tsp.TimeStampResp.load(answer, strict=True)
    assert response["status"]["status"].native == "granted"
    assert response.dump(force=True) == answer, "not DER"
    return response["time_stamp_token"]["content"]


def _info(answer):
    return _token(answer)["encap_content_info"]["content"].parsed


def _refusal(answer):
    status = tsp.PKIStatusInfo.load(core.Sequence.load(answer).contents)
    assert status["status"].native == "rejection"
    return status["fail_info"].native


@pytest.mark.interop
@pytest.mark.parametrize("hash_name", ["sha256", "sha384", "sha512", "sha3-256", "sha512-256"])
@pytest.mark.parametrize("options", [("-cert",), ("-cert", "-no_nonce"), ()])
def test_openssl_verifies_the_answer(devca, openssl, tmp_path: Path, hash_name, options):
    (tmp_path / "data").write_text("Quyết định")
    (tmp_path / "root").write_text(devca.root_pem)
    tsa_pem = httpx.get(f"{devca.base_url}/tsa.pem").text
    (tmp_path / "others").write_text(devca.issuing_pem + tsa_pem)
    openssl("ts", "-query", "-data", "data", f"-{hash_name}", *options, "-out", "query")
    (tmp_path / "answer").write_bytes(_ask(devca, (tmp_path / "query").read_bytes()))

    trust = ("-CAfile", "root", "-untrusted", "others")
    verify = ("ts", "-verify", "-in", "answer", *trust)
    assert "Verification: OK" in openssl(*verify, "-queryfile", "query")
    (tmp_path / "other").write_text("Quyết định khác")
    openssl(*verify, "-data", "other", fails=True)


@pytest.mark.interop
def test_pyhanko_takes_the_time_stamp_and_trusts_it(devca):
    root = x509.load_pem_x509_certificate(devca.root_pem.encode()).public_bytes(Encoding.DER)

    async def stamp_and_validate():
        stamper = HTTPTimeStamper(devca.tsa_url)
        token = await stamper.async_timestamp(DIGEST, "sha256")
        context = ValidationContext(
            trust_manager=SimpleTrustManager.build(trust_roots=[asn1_x509.Certificate.load(root)])
        )
        return await validate_tst_signed_data(token["content"], context, lambda _algorithm: DIGEST)

    status = TimestampSignatureStatus(**asyncio.run(stamp_and_validate()))
    assert status.valid
    assert status.trusted


def test_a_token_has_what_the_profile_asks_for(devca):
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    answer = _ask(devca, _query())
    info = _info(answer)

    assert info["policy"].native == TIMESTAMP_POLICY
    assert info["nonce"].native == 2**63 + 5
    assert info["message_imprint"]["hashed_message"].native == DIGEST
    assert info["accuracy"]["seconds"].native == 1
    assert not info["ordering"].native
    assert before <= info["gen_time"].native <= datetime.now(UTC)
    signer = _token(answer)["signer_infos"][0]
    attributes = {each["type"].native: each["values"][0] for each in signer["signed_attrs"]}
    assert set(attributes) == {"content_type", "message_digest", "signing_certificate_v2"}
    tsa = x509.load_pem_x509_certificate(httpx.get(f"{devca.base_url}/tsa.pem").content)
    named = attributes["signing_certificate_v2"]["certs"][0]["cert_hash"].native
    assert named == hashlib.sha256(tsa.public_bytes(Encoding.DER)).digest()
    purposes = tsa.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert purposes.critical
    assert [each.dotted_string for each in purposes.value] == ["1.3.6.1.5.5.7.3.8"]


def test_certificates_are_there_exactly_when_asked_for(devca):
    assert len(_token(_ask(devca, _query()))["certificates"]) == 2
    assert _token(_ask(devca, _query(cert_req=False)))["certificates"].native is None


def test_no_nonce_in_means_no_nonce_out(devca):
    assert _info(_ask(devca, _query(nonce=None)))["nonce"].native is None


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 256, 2**64, 2**127, -1, -128, -129])
def test_any_nonce_comes_back_as_it_went(devca, nonce):
    assert _info(_ask(devca, _query(nonce=nonce)))["nonce"].native == nonce


def test_each_token_has_its_own_serial_number(devca):
    serials = [_info(_ask(devca, _query()))["serial_number"].native for _ in range(20)]
    assert len(set(serials)) == len(serials)
    assert all(0 < serial < 2**160 for serial in serials)


def _imprint(algorithm, digest):
    return {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": digest}


@pytest.mark.parametrize(
    ("query", "failure"),
    [
        (_query(message_imprint=_imprint("sha1", bytes(20))), "bad_alg"),
        (_query(message_imprint=_imprint("md5", bytes(16))), "bad_alg"),
        (_query(message_imprint=_imprint("sha256", bytes(20))), "bad_data_format"),
        (_query(version="v2"), "bad_request"),
        (_query(req_policy="1.2.3.4"), "unaccepted_policy"),
        (_query(extensions=[{"extn_id": "1.2.3.4", "extn_value": b""}]), "unaccepted_extensions"),
        (_query() + b"\0", "bad_data_format"),
        (b"", "bad_data_format"),
        (b"0\x03\x02\x01\x01", "bad_data_format"),
        (b"<html>", "bad_data_format"),
    ],
    ids=["sha1", "md5", "length", "version", "policy", "extension", "trailing", "empty", "cut", "html"],
)
def test_what_cannot_be_stamped_is_refused_with_the_standards_reason(devca, query, failure):
    assert _refusal(_ask(devca, query)) == {failure}


def test_the_policy_may_be_named(devca):
    assert _info(_ask(devca, _query(req_policy=TIMESTAMP_POLICY)))["policy"].native == TIMESTAMP_POLICY


def test_another_media_type_is_not_a_query(devca):
    assert httpx.post(devca.tsa_url, content=_query()).status_code == 415


class TestFaults:
    def test_down(self, devca):
        devca.misbehave(tsa="down")
        headers = {"Content-Type": "application/timestamp-query"}
        assert httpx.post(devca.tsa_url, content=_query(), headers=headers).status_code == 503
        devca.behave()
        _token(_ask(devca, _query()))

    def test_slow(self, devca):
        devca.misbehave(tsa="slow", seconds=3)
        headers = {"Content-Type": "application/timestamp-query"}
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(devca.tsa_url, content=_query(), headers=headers, timeout=0.5)

    def test_rejection(self, devca):
        devca.misbehave(tsa="rejection")
        assert _refusal(_ask(devca, _query())) == {"system_failure"}

    def test_clock_off(self, devca):
        devca.misbehave(tsa="clock_off", seconds=-3600)
        late = datetime.now(UTC) - _info(_ask(devca, _query()))["gen_time"].native
        assert timedelta(minutes=59) < late < timedelta(minutes=61)

    @pytest.mark.interop
    @pytest.mark.parametrize(
        ("fault", "complaint"),
        [
            ("wrong_nonce", "nonce mismatch"),
            ("wrong_imprint", "message imprint mismatch"),
            ("bad_signature", "signature failure"),
            ("expired_certificate", "certificate has expired"),
        ],
    )
    def test_openssl_sees_the_fault(self, devca, openssl, tmp_path: Path, fault, complaint):
        devca.misbehave(tsa=fault)
        (tmp_path / "query").write_bytes(_query())
        (tmp_path / "answer").write_bytes(_ask(devca, _query()))
        (tmp_path / "root").write_text(devca.root_pem)
        (tmp_path / "issuing").write_text(devca.issuing_pem)
        trust = ("-CAfile", "root", "-untrusted", "issuing")
        assert complaint in openssl(
            "ts", "-verify", "-in", "answer", "-queryfile", "query", *trust, fails=True
        )


@given(st.integers(-(2**200), 2**200))
def test_integers_are_encoded_as_der_wants_them(value):
    assert der.integer(value) == core.Integer(value).dump()


@given(st.integers(0, 70_000))
def test_lengths_are_encoded_as_der_wants_them(length):
    content = bytes(length)
    assert der.tlv(der.OCTET_STRING, content) == core.OctetString(content).dump()


@given(st.datetimes(datetime(2000, 1, 1), datetime(2049, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_times_are_encoded_as_der_wants_them(moment):
    to_millisecond = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert der.generalized_time(moment) == core.GeneralizedTime(to_millisecond).dump()
