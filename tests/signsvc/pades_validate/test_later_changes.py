"""What comes after a signature: listed always, allowed only where that signature allows it."""

from datetime import timedelta
from io import BytesIO

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec, append_signature_field
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from signsvc.pades.validation.verdict import Indication
from tests.signsvc.pades_validate.pki import NOW, make_authority
from tests.signsvc.pades_validate.signing import (
    DOCUMENT,
    add_annotation,
    add_stamp_field,
    add_store,
    add_timestamp,
    fill_field,
    replace_text,
    sign,
    update,
)


def kinds(verdict, index=0):
    return [(change.kind, change.allowed) for change in verdict.signatures[index].later_changes]


def warnings(verdict, index=0):
    return {warning.code for warning in verdict.signatures[index].warnings}


def test_a_second_signature_leaves_the_first_valid_and_is_listed(verdict_on, authority, holder):
    first = sign(DOCUMENT, authority, holder, box=(300, 40, 400, 70))
    other = authority.issue("Trần Thị B")

    verdict = verdict_on(sign(first, authority, other, field="ChuKy2", box=(420, 40, 520, 70)))

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    assert kinds(verdict) == [("signature", True)]
    assert verdict.signatures[0].later_changes[0].fields == ("ChuKy2",)
    assert not verdict.signatures[0].covers_whole_file
    assert verdict.signatures[1].covers_whole_file
    assert kinds(verdict, 1) == []


def test_replaced_page_content_fails(verdict_on, authority, holder, reasons):
    verdict = verdict_on(update(sign(DOCUMENT, authority, holder), replace_text))

    assert verdict.verdict is Indication.TOTAL_FAILED
    assert reasons(verdict) == {"changed-after-signing"}
    assert verdict.signatures[0].integrity == "broken"
    assert kinds(verdict) == [("other", False)]


def test_an_added_annotation_fails(verdict_on, authority, holder):
    verdict = verdict_on(update(sign(DOCUMENT, authority, holder), add_annotation))

    assert verdict.verdict is Indication.TOTAL_FAILED
    assert kinds(verdict) == [("annotation", False)]
    assert verdict.signatures[0].later_changes[0].page == 1


def test_an_annotation_that_the_signer_allowed_is_for_a_person_to_see(verdict_on, authority, holder, reasons):
    certified = sign(DOCUMENT, authority, holder, certify=MDPPerm.ANNOTATE)

    verdict = verdict_on(update(certified, add_annotation))

    assert verdict.verdict is Indication.INDETERMINATE
    assert reasons(verdict) == {"annotated-after-signing"}


def test_a_form_value_replaced_later_is_a_warning_with_its_field(verdict_on, authority, holder):
    verdict = verdict_on(update(sign(DOCUMENT, authority, holder), fill_field))

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    assert kinds(verdict) == [("form_filling", True)]
    assert verdict.signatures[0].later_changes[0].fields == ("so_tien",)
    assert "form-filled-after-signing" in warnings(verdict)
    assert {reason.code for reason in verdict.reasons} == {"unsigned-tail"}


def test_a_change_hidden_in_the_revision_of_a_second_signature_is_found(verdict_on, authority, holder):
    changed = update(sign(DOCUMENT, authority, holder), replace_text)

    verdict = verdict_on(sign(changed, authority, holder, field="ChuKy2"))

    assert verdict.verdict is Indication.TOTAL_FAILED
    assert verdict.signatures[0].verdict is Indication.TOTAL_FAILED
    assert verdict.signatures[1].verdict is Indication.TOTAL_PASSED


def test_a_change_that_was_undone_again_is_found(verdict_on, authority, holder):
    signed = sign(DOCUMENT, authority, holder)

    def restore(writer):
        page = writer.root["/Pages"]["/Kids"][0].get_object()
        reference = page.raw_get("/Contents").reference
        original = writer.prev.get_historical_resolver(0)(reference)
        writer.objects[reference.generation, reference.idnum] = original

    verdict = verdict_on(update(update(signed, replace_text), restore))

    assert verdict.verdict is Indication.TOTAL_FAILED


@pytest.mark.parametrize("permission", [MDPPerm.NO_CHANGES, MDPPerm.FILL_FORMS])
def test_certification_says_what_may_follow(verdict_on, authority, holder, permission):
    certified = sign(DOCUMENT, authority, holder, certify=permission)

    verdict = verdict_on(update(certified, fill_field))

    allowed = permission is MDPPerm.FILL_FORMS
    (signature,) = verdict.signatures
    assert signature.certification
    assert signature.docmdp == f"P{permission.value}"
    assert kinds(verdict) == [("form_filling", allowed)]
    assert (verdict.verdict is Indication.TOTAL_PASSED) is allowed


def test_validation_data_may_follow_even_where_no_changes_are_allowed(verdict_on, authority, holder):
    stamped_at = NOW - timedelta(hours=1)
    certified = sign(DOCUMENT, authority, holder, certify=MDPPerm.NO_CHANGES, stamped_at=stamped_at)

    verdict = verdict_on(add_timestamp(add_store(certified, authority, NOW), authority, NOW))

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    assert kinds(verdict) == [("validation_data", True), ("timestamp", True)]


def test_a_locked_field_may_not_be_filled(verdict_on, authority, holder):
    lock = FieldMDPSpec(FieldMDPAction.INCLUDE, fields=["so_tien"])
    pdf_signer = PdfSigner(
        PdfSignatureMetadata(field_name="ChuKy1", md_algorithm="sha256"),
        signer=authority.signer(holder),
        new_field_spec=SigFieldSpec("ChuKy1", field_mdp_spec=lock),
    )
    signed = pdf_signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(DOCUMENT)), bytes_reserved=16384)

    verdict = verdict_on(update(bytes(signed.getbuffer()), fill_field))

    assert verdict.verdict is Indication.TOTAL_FAILED
    assert kinds(verdict) == [("form_filling", False)]


def test_a_picture_over_the_page_by_an_unsigned_field_is_not_passed(verdict_on, authority, holder, reasons):
    signed = sign(DOCUMENT, authority, holder)

    verdict = verdict_on(update(signed, add_stamp_field((0, 0, 595, 842))))

    assert verdict.verdict is Indication.INDETERMINATE
    assert reasons(verdict) == {"overlay"}
    assert verdict.signatures[0].later_changes[0].page == 1


def test_one_word_hidden_by_an_unsigned_field_is_not_passed(verdict_on, authority, holder, reasons):
    signed = sign(DOCUMENT, authority, holder)

    verdict = verdict_on(update(signed, add_stamp_field((240, 755, 300, 775))))

    assert reasons(verdict) == {"overlay"}


def test_a_page_hidden_by_the_stamp_of_a_stranger_is_not_passed(verdict_on, authority, holder, reasons):
    stranger = make_authority("http://127.0.0.1:9/", "Kẻ lạ")
    signed = sign(DOCUMENT, authority, holder)
    covered = sign(signed, stranger, stranger.issue("Kẻ lạ"), field="Che", box=(0, 0, 595, 842))

    verdict = verdict_on(covered)

    assert reasons(verdict) == {"overlay"}
    assert verdict.signatures[0].verdict is Indication.INDETERMINATE
    assert verdict.signatures[1].sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"


def test_a_page_hidden_even_by_a_known_signer_is_not_passed(verdict_on, authority, holder, reasons):
    signed = sign(DOCUMENT, authority, holder)

    verdict = verdict_on(sign(signed, authority, holder, field="Che", box=(0, 0, 595, 842)))

    assert reasons(verdict) == {"overlay"}
    assert verdict.signatures[1].verdict is Indication.TOTAL_PASSED


def test_a_seal_over_some_text_by_a_known_signer_is_a_warning(verdict_on, authority, holder):
    signed = sign(DOCUMENT, authority, holder)

    verdict = verdict_on(sign(signed, authority, holder, field="Dau", box=(240, 750, 340, 790)))

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    assert "overlap-later-stamp" in warnings(verdict)


def test_an_empty_field_for_the_next_signer_is_harmless(verdict_on, authority, holder):
    signed = sign(DOCUMENT, authority, holder)
    prepared = update(
        signed, lambda writer: append_signature_field(writer, SigFieldSpec("Sau", box=(240, 750, 340, 790)))
    )

    verdict = verdict_on(prepared)

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    assert kinds(verdict) == [("form_filling", True)]


def test_certification_must_come_first(verdict_on, authority, holder, reasons, monkeypatch):
    first = sign(DOCUMENT, authority, holder)
    # pyHanko refuses to make such a document, so its own check is taken away for a moment.
    monkeypatch.setattr(PdfSigner, "_enforce_certification_constraints", lambda *_: None)
    certified = sign(first, authority, holder, field="ChungNhan", certify=MDPPerm.FILL_FORMS)
    monkeypatch.undo()

    verdict = verdict_on(certified)

    assert "certification-not-first" in reasons(verdict, 1)
    assert verdict.signatures[1].verdict is Indication.TOTAL_FAILED


def test_objects_behind_the_end_fail_though_no_table_names_them(verdict_on, authority, holder, reasons):
    """A forgiving reader would repair the file and show them."""
    signed = sign(DOCUMENT, authority, holder)

    verdict = verdict_on(signed + b"5 0 obj\n<< /Length 9 >>\nstream\n(another)\nendstream\nendobj\n")

    assert verdict.verdict is Indication.TOTAL_FAILED
    assert reasons(verdict) == {"trailing-data"}


def test_white_space_behind_the_end_is_harmless(verdict_on, authority, holder):
    verdict = verdict_on(sign(DOCUMENT, authority, holder) + b"\r\n\x00\x00")

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict


def draw_over(writer):
    """The last signature field gets a picture."""
    fields = writer.root["/AcroForm"]["/Fields"]
    found = fields[len(fields) - 1].get_object()
    picture = generic.StreamObject(
        {pdf_name("/Type"): pdf_name("/XObject"), pdf_name("/Subtype"): pdf_name("/Form")},
        stream_data=b"1 g 0 0 600 600 re f",
    )
    found[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(picture)})
    found[pdf_name("/F")] = generic.NumberObject(4)
    writer.update_container(found)


@pytest.mark.parametrize("flags", [2, 4], ids=["hidden", "shown"])
def test_a_field_that_gets_its_picture_in_a_second_step_is_not_passed(
    verdict_on, authority, holder, reasons, flags
):
    """First an empty, harmless field, then only what it looks like."""

    def add_field(writer):
        append_signature_field(writer, SigFieldSpec("Che", box=(0, 0, 595, 842)))
        fields = writer.root["/AcroForm"]["/Fields"]
        found = fields[len(fields) - 1].get_object()
        found[pdf_name("/F")] = generic.NumberObject(flags)
        writer.update_container(found)

    verdict = verdict_on(update(update(sign(DOCUMENT, authority, holder), add_field), draw_over))

    assert verdict.verdict is not Indication.TOTAL_PASSED
    assert reasons(verdict) & {"overlay", "changed-after-signing"}
