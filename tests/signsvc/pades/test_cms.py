"""The template's CMS is what asn1crypto, cryptography and the key process read and accept."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import tsp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsm.acts.signed_attributes import check_signed_attributes, minimal_attributes
from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.cms import make_template
from signsvc.pades.levels import Level
from tests.signsvc.pades.software_signer import Services, SoftwareSigner, sign_document

ALGORITHMS = ["ES256", "PS256", "RS256"]
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)


@SHARED
@given(digest=st.binary(min_size=32, max_size=32))
def test_the_key_process_accepts_the_signed_attributes(signer: SoftwareSigner, digest: bytes) -> None:
    template = signer.template
    attributes = template.signed_attributes(digest)
    certificate = template.chain[0]
    check_signed_attributes(
        attributes, document_digest=digest, certificate=certificate, algorithm=template.algorithm
    )
    # Byte for byte what the key process compares first, so that no parser stands in between.
    assert attributes == minimal_attributes(digest, hashlib.sha256(certificate).digest())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@SHARED
@given(digest=st.binary(min_size=32, max_size=32), token=st.just(b"") | st.just(b"\x30\x03\x02\x01\x01"))
def test_asn1crypto_reads_the_cms_as_it_was_meant(
    algorithm: str, signers: dict[SignatureAlgorithm, SoftwareSigner], digest: bytes, token: bytes
) -> None:
    template = signers[SignatureAlgorithm(algorithm)].template
    attributes = template.signed_attributes(digest)
    encoded = template.cms(attributes, b"signature", token)
    info = asn1_cms.ContentInfo.load(encoded, strict=True)
    signed_data = info["content"]
    (signer_info,) = signed_data["signer_infos"]
    values = {attribute["type"].native: attribute["values"] for attribute in signer_info["signed_attrs"]}
    assert values.keys() == {"content_type", "message_digest", "signing_certificate_v2"}
    assert values["message_digest"][0].native == digest
    essential = tsp.SigningCertificateV2.load(values["signing_certificate_v2"][0].dump())
    assert essential["certs"][0]["cert_hash"].native == hashlib.sha256(template.chain[0]).digest()
    assert signer_info["signed_attrs"].untag().dump() == attributes
    assert signer_info["signature"].native == b"signature"
    assert len(signer_info["unsigned_attrs"]) == bool(token)
    assert template.chain[0] in {certificate.dump() for certificate in signed_data["certificates"]}
    assert signed_data["encap_content_info"]["content"].native is None
    assert signed_data["version"].native == "v1"


def test_pss_parameters_say_sha256_everywhere(signers: dict[SignatureAlgorithm, SoftwareSigner]) -> None:
    template = signers[SignatureAlgorithm.PS256].template
    encoded = template.cms(template.signed_attributes(bytes(32)), b"x")
    algorithm = asn1_cms.ContentInfo.load(encoded)["content"]["signer_infos"][0]["signature_algorithm"]
    parameters = algorithm["parameters"]
    assert algorithm["algorithm"].native == "rsassa_pss"
    assert parameters["hash_algorithm"]["algorithm"].native == "sha256"
    assert parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native == "sha256"
    assert parameters["salt_length"].native == 32


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_reserve_is_enough_and_tight(
    algorithm: str,
    signers: dict[SignatureAlgorithm, SoftwareSigner],
    services: Services,
    sample: Callable[[str], Path],
) -> None:
    signer = signers[SignatureAlgorithm(algorithm)]
    for _ in range(10):
        attributes = signer.template.signed_attributes(bytes(32))
        encoded = signer.template.cms(attributes, signer.sign(attributes))
        assert 0 <= signer.template.reserve() - len(encoded) <= 4
    generous = services.timestamps.token_bytes
    done = sign_document(sample("phu-luc"), signer, Level.B_T, services)
    assert len(done.token) < services.timestamps.token_bytes < generous


def test_a_key_of_another_kind_gets_no_template(signer: SoftwareSigner) -> None:
    for algorithm in (SignatureAlgorithm.PS256, SignatureAlgorithm.RS256, SignatureAlgorithm.EDDSA):
        with pytest.raises(ValueError, match="does not sign"):
            make_template(algorithm, signer.template.chain)


def test_a_digest_of_another_length_is_refused(signer: SoftwareSigner) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        signer.template.signed_attributes(bytes(20))
