"""Attacks on the form of a signature: its range, its CMS, its certificate."""

import re
from typing import Any

import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from signsvc.pades.validation.coverage import Extent, overlapping
from signsvc.pades.validation.verdict import Indication
from tests.signsvc.pades_validate.pki import NOW, Authority, Holder
from tests.signsvc.pades_validate.signing import (
    DOCUMENT,
    contents_gap,
    read_cms,
    replace_text,
    sign,
    update,
    with_cms,
)


@pytest.fixture
def signed(authority: Authority, holder: Holder) -> bytes:
    return sign(DOCUMENT, authority, holder)


def with_range(document: bytes, numbers: list[int]) -> bytes:
    """Another ByteRange of the same length in the file."""
    match = re.search(rb"/ByteRange ?\[([0-9 ]+)\]", document)
    assert match
    text = b" ".join(b"%d" % number for number in numbers)
    assert len(text) <= len(match[1])
    return document[: match.start(1)] + text.ljust(len(match[1])) + document[match.end(1) :]


def read_range(document: bytes) -> list[int]:
    match = re.search(rb"/ByteRange ?\[([0-9 ]+)\]", document)
    assert match
    return [int(number) for number in match[1].split()]


def change_cms(document: bytes, change: Any) -> bytes:
    info = cms.ContentInfo.load(read_cms(document))
    change(info["content"])
    return with_cms(document, info.dump(force=True))


def test_a_changed_byte_of_the_content_fails(verdict_on, signed, reasons):
    position = signed.index(b"/MediaBox") + 2
    changed = signed[:position] + b"X" + signed[position + 1 :]

    verdict = verdict_on(changed)

    assert verdict.verdict in (Indication.TOTAL_FAILED, Indication.INDETERMINATE)
    assert not verdict.signatures or verdict.signatures[0].sub_indication == "HASH_FAILURE"


def test_a_changed_signature_value_fails(verdict_on, signed, reasons):
    def change(data):
        value = bytearray(data["signer_infos"][0]["signature"].native)
        value[-1] ^= 1
        data["signer_infos"][0]["signature"] = core.OctetString(bytes(value))

    verdict = verdict_on(change_cms(signed, change))

    assert verdict.verdict is Indication.TOTAL_FAILED
    assert verdict.sub_indication == "SIG_CRYPTO_FAILURE"
    assert reasons(verdict) == {"bad-signature"}


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        (lambda r: [1, r[1] - 1, r[2], r[3]], "not from the beginning"),
        (lambda r: [0, r[1], r[2], r[3] + 9], "beyond the end"),
        (lambda r: [0, r[1], r[1] - 5, r[3]], "overlapping parts"),
        (lambda r: [0, r[1], r[2], r[3] - 20], "not to the end of its revision"),
        (lambda r: [0, r[1] - 8, r[2], r[3]], "a gap larger than /Contents"),
        (lambda r: [0, r[1] + 2, r[2], r[3]], "a gap smaller than /Contents"),
        (lambda r: [0, r[1], r[2]], "three numbers"),
    ],
)
def test_a_byte_range_that_is_not_exact_fails(verdict_on, signed, numbers, why):
    verdict = verdict_on(with_range(signed, numbers(read_range(signed))))

    (signature,) = verdict.signatures
    assert signature.verdict is Indication.TOTAL_FAILED, why
    assert signature.integrity != "intact"
    assert signature.level is None


def test_a_contents_elsewhere_than_in_the_gap_fails(verdict_on, signed, reasons):
    """The universal attack: an update replaces the signature dictionary and keeps the range."""

    def change(writer):
        field = writer.root["/AcroForm"]["/Fields"][1].get_object()
        value = field["/V"]
        writer.update_container(value)

    moved = update(signed, change)

    verdict = verdict_on(moved)

    assert verdict.verdict is Indication.TOTAL_FAILED


def test_data_in_the_padding_fails(verdict_on, signed, reasons):
    _, end = contents_gap(signed)

    verdict = verdict_on(signed[: end - 9] + b"deadbeef" + signed[end - 1 :])

    assert verdict.verdict is Indication.TOTAL_FAILED
    assert reasons(verdict) == {"padding"}


def test_a_length_that_takes_in_the_padding_fails(verdict_on, signed, reasons):
    encoded = bytearray(read_cms(signed).rstrip(b"\x00"))
    assert encoded[1] == 0x82
    encoded[2:4] = (int.from_bytes(encoded[2:4], "big") + 16).to_bytes(2, "big")

    verdict = verdict_on(with_cms(signed, bytes(encoded)))

    assert verdict.verdict is Indication.TOTAL_FAILED
    assert reasons(verdict) == {"padding"}


def test_two_signer_infos_fail(verdict_on, signed, reasons):
    def change(data):
        infos = data["signer_infos"]
        infos.append(infos[0].copy())

    verdict = verdict_on(change_cms(signed, change))

    assert verdict.verdict is Indication.TOTAL_FAILED
    assert reasons(verdict) == {"several-signers"}


def test_no_signed_attributes_fail(verdict_on, signed, reasons):
    def change(data):
        del data["signer_infos"][0]["signed_attrs"]

    verdict = verdict_on(change_cms(signed, change))

    assert verdict.verdict is Indication.TOTAL_FAILED
    assert reasons(verdict) == {"cms-structure"}


def test_content_inside_a_detached_signature_fails(verdict_on, signed, reasons):
    def change(data):
        data["encap_content_info"]["content"] = core.OctetString(b"other")

    verdict = verdict_on(change_cms(signed, change))

    assert verdict.verdict is Indication.TOTAL_FAILED
    assert "cms-structure" in reasons(verdict)


def test_a_certificate_for_the_same_key_and_number_is_not_the_signers(verdict_on, authority, holder, reasons):
    """The certificate is chosen by what the signature names: its hash, not its place or serial number."""
    twin = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Chủ tịch")]))
        .issuer_name(holder.certificate.issuer)
        .public_key(holder.key.public_key())
        .serial_number(holder.certificate.serial_number)
        .not_valid_before(holder.certificate.not_valid_before_utc)
        .not_valid_after(holder.certificate.not_valid_after_utc)
        .sign(authority.issuing.key, hashes.SHA256())
    )
    signed = sign(DOCUMENT, authority, holder)

    def change(data):
        data["certificates"] = [
            cms.CertificateChoices("certificate", Holder(holder.key, twin).asn1),
            cms.CertificateChoices("certificate", authority.issuing.asn1),
        ]

    verdict = verdict_on(change_cms(signed, change))

    assert verdict.verdict is not Indication.TOTAL_PASSED
    assert verdict.sub_indication == "NO_SIGNING_CERTIFICATE_FOUND"
    assert reasons(verdict) == {"certificate-not-found"}


def test_an_attribute_that_nobody_signed_is_a_warning(verdict_on, signed):
    def change(data):
        info = data["signer_infos"][0]
        extra = cms.CMSAttribute({"type": "1.2.3.4", "values": [core.Integer(1)]})
        info["unsigned_attrs"] = cms.CMSAttributes([extra])

    verdict = verdict_on(change_cms(signed, change))

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    assert "unsigned-attribute" in {warning.code for warning in verdict.signatures[0].warnings}


def test_two_fields_that_show_one_signature_fail(verdict_on, signed):
    def change(writer):
        fields = writer.root["/AcroForm"]["/Fields"]
        copy = generic.DictionaryObject(fields[1].get_object())
        copy[pdf_name("/T")] = generic.pdf_string("BanSao")
        fields.append(writer.add_object(copy))
        writer.update_container(fields)

    verdict = verdict_on(update(signed, change))

    assert verdict.verdict is Indication.TOTAL_FAILED


def test_a_format_we_do_not_know_is_told_and_not_left_out(verdict_on, signed, reasons):
    renamed = signed.replace(b"/ETSI.CAdES.detached", b"/adbe.pkcs7.sha1    ", 1)

    verdict = verdict_on(renamed)

    assert verdict.verdict is Indication.INDETERMINATE
    assert reasons(verdict) == {"unsupported-format"}


def test_ranges_must_lie_one_within_the_other():
    first, second = Extent(100, 200, 300), Extent(400, 500, 600)

    assert overlapping([first, second]) == set()
    assert overlapping([second, None, first]) == set()
    assert overlapping([first, Extent(250, 350, 600)]) == {0, 1}
    assert overlapping([first, Extent(100, 200, 600)]) == {0, 1}
    assert overlapping([first, first]) == {0, 1}


def test_a_weak_digest_is_refused(verdict_on, authority, holder, reasons):
    signed = sign(DOCUMENT, authority, holder, digest="sha1")

    verdict = verdict_on(signed)

    assert verdict.verdict is Indication.INDETERMINATE
    assert verdict.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE"
    assert reasons(verdict) == {"weak-algorithm"}


def test_a_reader_sees_the_signed_revision_when_content_was_replaced(verdict_on, signed):
    verdict = verdict_on(update(signed, replace_text))

    assert verdict.signatures[0].signed_length == len(signed)
    assert verdict.checked_at == NOW
