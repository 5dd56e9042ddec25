"""What a good signature is told to be, level by level, and the seven things of Circular 15/2025 Art. 6."""

from datetime import datetime, timedelta

from pyhanko.sign.fields import SigSeedSubFilter

from signsvc.pades.levels import Level
from signsvc.pades.validation.policy import Policy
from signsvc.pades.validation.trust_settings import TrustSettings
from signsvc.pades.validation.verdict import Indication, Verdict
from tests.signsvc.pades_validate.pki import NOW, YEAR, Authority, CrlServer, Holder, make_authority
from tests.signsvc.pades_validate.signing import DOCUMENT, add_store, add_timestamp, sign

HOUR = timedelta(hours=1)


def test_a_good_signature_passes_and_shows_the_seven_things(verdict_on, authority, holder):
    verdict = verdict_on(sign(DOCUMENT, authority, holder, box=(300, 40, 500, 90)))

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    (signature,) = verdict.signatures
    assert signature.certificate.issuer_name == "CA cấp"
    assert signature.signer.name == "Nguyễn Văn A"
    assert signature.signer.managing_unit == "Văn phòng, Sở Thử nghiệm"
    assert signature.signing_time.kind == "claimed"
    assert signature.integrity == "intact"
    assert signature.certificate.not_before == NOW - YEAR
    assert signature.certificate.not_after == NOW + YEAR
    assert signature.level is Level.B_B
    assert (signature.page, signature.rect) == (1, (300, 40, 500, 90))
    assert signature.covers_whole_file
    assert signature.claims.reason == "Phê duyệt"
    assert signature.algorithm.model_dump() == {
        "digest": "sha256",
        "signature": "sha256_ecdsa",
        "key": "ec-secp256r1",
    }
    assert "claimed-time" in {warning.code for warning in signature.warnings}


def test_the_json_is_plain_and_reads_back(verdict_on, authority, holder):
    verdict = verdict_on(sign(DOCUMENT, authority, holder))

    members = verdict.to_json()

    assert members["verdict"] == "TOTAL_PASSED"
    assert members["title"] == "Chữ ký số hợp lệ"
    assert members["checked_at"] == "2026-11-24T08:00:00Z"
    assert Verdict.model_validate(members) == verdict


def test_a_time_stamp_proves_when(verdict_on, authority, holder):
    verdict = verdict_on(sign(DOCUMENT, authority, holder, stamped_at=NOW - HOUR))

    (signature,) = verdict.signatures
    assert signature.verdict is Indication.TOTAL_PASSED, signature
    assert signature.level is Level.B_T
    assert signature.signing_time.model_dump() == {
        "value": NOW - HOUR,
        "kind": "proven",
        "source": "signature-timestamp",
    }
    assert signature.validity_at_signing == "valid"


def test_revocation_data_in_the_document_makes_long_term(verdict_on, authority, holder, crls):
    stamped = sign(DOCUMENT, authority, holder, stamped_at=NOW - HOUR)
    crls.away = True

    verdict = verdict_on(add_store(stamped, authority, NOW))

    (signature,) = verdict.signatures
    assert signature.verdict is Indication.TOTAL_PASSED, signature
    assert signature.level is Level.B_LT
    assert [change.kind for change in signature.later_changes] == ["validation_data"]
    assert crls.asked == []


def test_a_document_time_stamp_over_it_makes_an_archive(verdict_on, authority, holder, crls):
    stamped = sign(DOCUMENT, authority, holder, stamped_at=NOW - HOUR)
    archived = add_timestamp(add_store(stamped, authority, NOW), authority, NOW)
    crls.away = True

    verdict = verdict_on(archived)

    (signature,), (timestamp,) = verdict.signatures, verdict.timestamps
    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    assert signature.level is Level.B_LTA
    assert [change.kind for change in signature.later_changes] == ["validation_data", "timestamp"]
    assert all(change.allowed for change in signature.later_changes)
    assert timestamp.covers_whole_file
    assert timestamp.signing_time.value == NOW


def test_an_archive_outlives_the_certificate(verdict_on, authority: Authority, crls: CrlServer):
    ends = NOW - 100 * HOUR
    holder = authority.issue(not_after=ends)
    signed_at = ends - 100 * HOUR
    stamped = sign(DOCUMENT, authority, holder, stamped_at=signed_at)
    archived = add_timestamp(
        add_store(stamped, authority, signed_at + HOUR, holder), authority, signed_at + 2 * HOUR
    )

    verdict = verdict_on(archived)

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    assert verdict.signatures[0].validity_at_signing == "valid"


def test_an_expired_certificate_with_a_time_stamp_alone_does_not_pass(verdict_on, authority: Authority):
    holder = authority.issue(not_after=NOW - 100 * HOUR)

    verdict = verdict_on(sign(DOCUMENT, authority, holder, stamped_at=NOW - 110 * HOUR))

    assert verdict.verdict is Indication.INDETERMINATE
    assert verdict.sub_indication == "OUT_OF_BOUNDS_NO_POE"


def test_a_document_without_signatures_has_its_own_outcome(verdict_on):
    verdict = verdict_on(DOCUMENT)

    assert verdict.verdict is Indication.NO_SIGNATURE
    assert verdict.title == "Tài liệu không có chữ ký số"
    assert verdict.document.pages == 2


def test_training_material_is_said_to_be_training_material(verdict_on, authority: Authority):
    by_policy = authority.issue(policy="1.3.6.1.4.1.32473.2026.1.3")
    by_name = authority.issue("MẪU - Nguyễn Văn B")

    for holder in (by_policy, by_name):
        (signature,) = verdict_on(sign(DOCUMENT, authority, holder)).signatures
        assert signature.training
        assert "training" in {warning.code for warning in signature.warnings}


def test_an_old_adobe_signature_passes_without_a_level(verdict_on, authority, holder):
    signed = sign(DOCUMENT, authority, holder, subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED)

    (signature,) = verdict_on(signed).signatures

    assert signature.verdict is Indication.TOTAL_PASSED, signature
    assert signature.level is None


def test_time_stamps_of_another_trust_anchor_need_their_own_settings(
    verdict_on, authority: Authority, holder: Holder, trust: TrustSettings, tmp_path
):
    signed = sign(DOCUMENT, authority, holder, stamped_at=NOW - HOUR)
    foreign = make_authority("http://127.0.0.1:9/", "Kẻ lạ")
    only_foreign = trust.model_copy(update={"tsa_roots": (foreign.write_roots(tmp_path),)})

    (signature,) = verdict_on(signed, by=Policy(only_foreign)).signatures

    assert signature.verdict is Indication.INDETERMINATE
    assert signature.level is Level.B_B
    assert signature.signing_time.kind == "claimed"


def test_the_signed_revision_can_be_cut_out(verdict_on, authority, holder):
    first = sign(DOCUMENT, authority, holder)
    second = sign(first, authority, holder, field="ChuKy2")

    verdict = verdict_on(second)

    assert verdict.signed_revision(0) == len(first)
    assert verdict.signed_revision(1) == len(second)


def test_times_are_aware(verdict_on, authority, holder):
    (signature,) = verdict_on(sign(DOCUMENT, authority, holder)).signatures
    assert isinstance(signature.signing_time.value, datetime)
    assert signature.signing_time.value.tzinfo is not None
