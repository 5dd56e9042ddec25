"""Whom the validation believes, and what it says when it cannot know."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signsvc.pades.validation.online import OnlineSource
from signsvc.pades.validation.policy import Policy
from signsvc.pades.validation.trust_settings import TrustSettings, load_material
from signsvc.pades.validation.verdict import Indication
from tests.signsvc.pades_validate.pki import NOW, YEAR, make_authority
from tests.signsvc.pades_validate.signing import DOCUMENT, add_store, sign

HOUR = timedelta(hours=1)


def test_a_stranger_is_not_trusted(verdict_on, reasons):
    stranger = make_authority("http://127.0.0.1:9/", "Kẻ lạ")

    verdict = verdict_on(sign(DOCUMENT, stranger, stranger.issue()))

    assert verdict.verdict is Indication.INDETERMINATE
    assert verdict.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"
    assert reasons(verdict) == {"untrusted"}


def test_an_authority_of_the_same_name_is_not_trusted(verdict_on):
    impostor = make_authority("http://127.0.0.1:9/")

    verdict = verdict_on(sign(DOCUMENT, impostor, impostor.issue()))

    assert verdict.verdict is Indication.INDETERMINATE


def test_a_root_inside_the_document_is_not_trusted_for_being_there(verdict_on, reasons):
    """Renewal data never raises trust by itself."""
    stranger = make_authority("http://127.0.0.1:9/", "Kẻ lạ")
    holder = stranger.issue()
    signed = sign(DOCUMENT, stranger, holder, stamped_at=NOW - HOUR)

    verdict = verdict_on(add_store(signed, stranger, NOW, stranger.root, holder))

    assert verdict.verdict is Indication.INDETERMINATE
    assert "untrusted" in reasons(verdict)


def test_a_status_that_cannot_be_checked_is_a_warning_and_not_a_pass(verdict_on, authority, holder, crls):
    crls.away = True

    verdict = verdict_on(sign(DOCUMENT, authority, holder))

    assert verdict.verdict is Indication.INDETERMINATE
    assert verdict.sub_indication == "TRY_LATER"
    (signature,) = verdict.signatures
    assert [reason.code for reason in signature.reasons] == ["status-unknown"]
    assert signature.integrity == "intact"
    assert signature.validity_at_signing == "unknown"
    assert verdict.title.startswith("Cảnh báo")


def test_nothing_is_asked_unless_it_is_allowed(verdict_on, authority, holder, crls, trust):
    nothing_allowed = Policy(trust.model_copy(update={"allowed_urls": ()}))

    verdict = verdict_on(sign(DOCUMENT, authority, holder), by=nothing_allowed)

    assert verdict.sub_indication == "TRY_LATER"
    assert crls.asked == []


def test_only_what_lies_below_a_prefix_is_asked(verdict_on, authority, holder, crls, trust):
    elsewhere = Policy(trust.model_copy(update={"allowed_urls": (f"{crls.url}elsewhere/",)}))

    verdict = verdict_on(sign(DOCUMENT, authority, holder), by=elsewhere)

    assert verdict.sub_indication == "TRY_LATER"
    assert crls.asked == []


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://ca.vn/ocsp", True),
        ("http://ca.vn/ocsp/1", True),
        ("http://ca.vn/ocsp?x=1", True),
        ("http://ca.vn/ocsp-admin", False),
        ("http://ca.vn/ocsp/../admin", False),
        ("http://ca.vn/ocsp/%2E%2e/admin", False),
        ("http://ca.vn.evil.example/ocsp", False),
        ("http://ca.vn@evil.example/ocsp", False),
        ("http://ca.vn:81/ocsp", False),
        ("https://ca.vn/ocsp", False),
        ("file:///etc/passwd", False),
        ("not a url", False),
    ],
)
def test_the_list_of_addresses_is_exact(url, allowed, trust):
    source = OnlineSource(trust.model_copy(update={"allowed_urls": ("http://ca.vn/ocsp",)}))

    assert source.allows(url) is allowed


def test_a_certificate_revoked_since_does_not_pass_without_a_time_stamp(verdict_on, authority, reasons):
    holder = authority.issue()
    signed = sign(DOCUMENT, authority, holder)
    authority.revoked[holder.certificate.serial_number] = NOW - HOUR

    verdict = verdict_on(signed)

    # The signer claims a time after the revocation: the real clock's, at which the test signs.
    assert verdict.verdict is not Indication.TOTAL_PASSED
    assert verdict.sub_indication in ("REVOKED", "REVOKED_NO_POE")
    assert reasons(verdict) <= {"revoked", "signed-after-revocation"}


def test_a_time_stamp_before_the_revocation_saves_the_signature(verdict_on, authority):
    holder = authority.issue()
    signed = sign(DOCUMENT, authority, holder, stamped_at=NOW - 3 * HOUR)
    authority.revoked[holder.certificate.serial_number] = NOW - HOUR

    verdict = verdict_on(signed)

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict


def test_a_time_stamp_after_the_revocation_does_not(verdict_on, authority, reasons):
    holder = authority.issue()
    signed = sign(DOCUMENT, authority, holder, stamped_at=NOW - HOUR)
    authority.revoked[holder.certificate.serial_number] = NOW - 3 * HOUR

    verdict = verdict_on(signed)

    assert verdict.verdict is Indication.INDETERMINATE
    assert verdict.sub_indication == "REVOKED_NO_POE"
    assert verdict.signatures[0].validity_at_signing == "invalid"


def test_an_expired_certificate_does_not_pass_without_proof_of_time(verdict_on, authority, reasons):
    holder = authority.issue(not_after=NOW - HOUR)

    verdict = verdict_on(sign(DOCUMENT, authority, holder))

    assert verdict.verdict is Indication.INDETERMINATE
    assert verdict.sub_indication == "OUT_OF_BOUNDS_NO_POE"
    assert reasons(verdict) == {"expired"}


def test_a_time_stamp_before_the_certificate_began_does_not_pass(verdict_on, authority, reasons):
    holder = authority.issue(not_before=NOW - HOUR)

    verdict = verdict_on(sign(DOCUMENT, authority, holder, stamped_at=NOW - 2 * HOUR))

    assert verdict.verdict is Indication.INDETERMINATE
    assert verdict.sub_indication == "NOT_YET_VALID"
    assert verdict.signatures[0].validity_at_signing == "invalid"


def test_a_time_stamp_of_a_stranger_is_not_quietly_left_out(verdict_on, authority, holder, reasons):
    stranger = make_authority("http://127.0.0.1:9/", "Kẻ lạ")
    metadata_signed = sign(DOCUMENT, authority, holder, stamped_at=NOW - HOUR, stamper=stranger)

    verdict = verdict_on(metadata_signed)

    assert verdict.verdict is Indication.INDETERMINATE
    assert reasons(verdict) == {"timestamp-invalid"}
    assert verdict.signatures[0].signing_time.kind == "claimed"


def test_a_certificate_that_is_not_for_signing_does_not_pass(verdict_on, authority, reasons):
    holder = authority.issue(key_usage=False)
    signer = authority.signer(holder)

    verdict = verdict_on(sign(DOCUMENT, authority, holder, signer=signer, signer_key_usage=set()))

    assert verdict.sub_indication == "CHAIN_CONSTRAINTS_FAILURE"
    assert reasons(verdict) == {"key-usage"}


@pytest.mark.parametrize(
    ("key", "counts"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), False),  # noqa: S505
        (lambda: rsa.generate_private_key(65537, 2048), True),
        (lambda: ec.generate_private_key(ec.SECP256R1()), True),
        (lambda: ec.generate_private_key(ec.SECP384R1()), True),
        (lambda: ec.generate_private_key(ec.SECP224R1()), False),
    ],
    ids=["rsa-1024", "rsa-2048", "p-256", "p-384", "p-224"],
)
def test_short_keys_do_not_count(verdict_on, authority, reasons, key, counts):
    holder = authority.issue(key=key())

    verdict = verdict_on(sign(DOCUMENT, authority, holder))

    assert (verdict.verdict is Indication.TOTAL_PASSED) is counts, verdict
    if not counts:
        assert verdict.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE"
        assert reasons(verdict) == {"weak-algorithm"}


def test_rsa_of_2048_bits_counts_until_its_date(verdict_on, authority, trust, crls):
    holder = authority.issue(key=rsa.generate_private_key(65537, 2048), not_after=NOW + 9 * YEAR)
    signed = sign(DOCUMENT, authority, holder)
    later = NOW + 6 * YEAR
    crls.moment = later

    verdict = verdict_on(signed, now=later)

    assert verdict.verdict is Indication.INDETERMINATE
    assert verdict.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"


def test_pss_signatures_pass(verdict_on, authority):
    holder = authority.issue(key=rsa.generate_private_key(65537, 3072))

    verdict = verdict_on(sign(DOCUMENT, authority, holder, signer=authority.signer(holder, prefer_pss=True)))

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    assert verdict.signatures[0].algorithm.signature == "rsassa_pss"


def test_settings_without_an_anchor_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no trust anchor"):
        load_material(TrustSettings(roots=(tmp_path,)))


def test_a_file_that_is_no_certificate_is_found_at_start(tmp_path):
    file = tmp_path / "root.pem"
    file.write_bytes(b"hello")

    with pytest.raises(ValueError, match=r".+"):
        load_material(TrustSettings(roots=(file,)))


def test_a_folder_of_anchors_is_read(authority, tmp_path):
    authority.write_roots(tmp_path)
    (tmp_path / "notes.txt").write_text("not a certificate")

    assert len(load_material(TrustSettings(roots=(tmp_path,))).roots) == 1
