"""Whatever the bytes are, the answer is a verdict, and the service lives on."""

import os
import re
import signal
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signsvc.pades.errors import InspectionUnavailable
from signsvc.pades.validate import Limits, TrustSettings, Validator, validate
from signsvc.pades.validation.verdict import Indication, Verdict
from tests.signsvc.pades_validate.pki import NOW, Authority, Holder
from tests.signsvc.pades_validate.signing import (
    DOCUMENT,
    add_store,
    add_timestamp,
    contents_gap,
    read_cms,
    sign,
)

_MIB = 1024 * 1024
QUIET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Archive:
    """Wrapped: hypothesis would print the bytes."""

    document: bytes = field(repr=False)


@pytest.fixture(scope="module")
def validator(trust: TrustSettings) -> Iterator[Validator]:
    with Validator(trust, Limits(memory=512 * _MIB, cpu=5, wall=8.0), processes=1) as made:
        yield made


def run(validator: Validator, tmp_path: Path, document: bytes) -> Verdict:
    path = tmp_path / "document.pdf"
    path.write_bytes(document)
    return validator.validate(path, now=NOW)


def one_object_file(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A minimal file of these objects, the first of which is the catalog."""
    body = b"%PDF-1.7\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(objects) + 1, trailer)
    return body + table + end + b"startxref\n%d\n%%%%EOF\n" % len(body)


def test_a_good_document_gets_its_verdict_from_the_process(validator, tmp_path, authority, holder):
    verdict = run(validator, tmp_path, sign(DOCUMENT, authority, holder))

    assert verdict.verdict is Indication.TOTAL_PASSED, verdict
    assert Verdict.model_validate(verdict.to_json()) == verdict


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"%PDF-1.7\n",
        b"hello",
        b"\x00" * 100_000,
        DOCUMENT[: len(DOCUMENT) // 2],
        DOCUMENT[:-10],
        DOCUMENT.replace(b"startxref", b"startxxxx"),
        one_object_file(b"<< /Type /Catalog /Pages 1 0 R >>"),
        one_object_file(
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [3 0 R] >> >>",
            b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>",
            b"<< /T (a) /FT /Sig /Kids [3 0 R] >>",
        ),
        one_object_file(
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [3 0 R] >> >>",
            b"<< /Type /Pages /Kids [] /Count 0 >>",
            b"<< /T (a) /FT /Sig /V << /Type /Sig /SubFilter /ETSI.CAdES.detached /Contents <30> >> >>",
        ),
        one_object_file(
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [3 0 R] >> >>",
            b"<< /Type /Pages /Kids [] /Count 0 >>",
            b"<< /T (a) /FT /Sig /V 7 >>",
        ),
        one_object_file(
            b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields "
            + b"[" * 20_000
            + b"]" * 20_000
            + b" >> >>",
            b"<< /Type /Pages /Kids [] /Count 0 >>",
        ),
        one_object_file(b"<< /Type /Catalog >>", trailer=b"/Prev 9"),
    ],
    ids=range(13),
)
def test_garbage_is_told_to_be_garbage(validator, tmp_path, document):
    verdict = run(validator, tmp_path, document)

    assert verdict.verdict in (
        Indication.INDETERMINATE,
        Indication.NO_SIGNATURE,
        Indication.TOTAL_FAILED,
    )
    assert verdict.reasons
    assert all(reason.message and reason.message_en for reason in verdict.reasons)


def test_cross_reference_tables_that_loop_end(validator, tmp_path):
    looping = DOCUMENT.replace(b"/Root", b"/Prev %d /Root" % DOCUMENT.rindex(b"xref\n0"), 1)

    assert run(validator, tmp_path, looping).verdict is not Indication.TOTAL_PASSED


def test_a_memory_bomb_is_stopped(validator, tmp_path, authority, holder):
    """Objects in a stream that grows a thousandfold, twice."""
    once = zlib.compress(b"\x00" * (200 * _MIB), 9)
    twice = zlib.compress(once, 9)
    bomb = one_object_file(
        b"<< /Type /Catalog /Pages 2 0 R /DSS << /CRLs [3 0 R] /Certs [3 0 R] >> >>",
        b"<< /Type /Pages /Kids [] /Count 0 >>",
        b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream" % (len(twice), twice),
    )

    verdict = run(validator, tmp_path, bomb)

    assert verdict.verdict in (Indication.INDETERMINATE, Indication.NO_SIGNATURE)
    assert run(validator, tmp_path, sign(DOCUMENT, authority, holder)).verdict is Indication.TOTAL_PASSED


def test_too_little_memory_is_no_verdict_on_the_signature(trust, tmp_path, authority, holder):
    path = tmp_path / "document.pdf"
    path.write_bytes(sign(DOCUMENT, authority, holder))

    verdict = validate(path, trust=trust, now=NOW, limits=Limits(memory=8 * _MIB))

    assert verdict.verdict is Indication.INDETERMINATE
    assert {reason.code for reason in verdict.reasons} <= {"too-costly", "crashed", "unreadable"}


def test_a_child_that_never_ends_is_stopped(trust, tmp_path):
    """A pipe in the place of a file: opening it waits for ever."""
    fifo = tmp_path / "document.pdf"
    os.mkfifo(fifo)

    verdict = validate(fifo, trust=trust, now=NOW, limits=Limits(wall=0.5))

    assert verdict.verdict is Indication.INDETERMINATE
    assert {reason.code for reason in verdict.reasons} == {"too-costly"}


def test_a_killed_process_is_replaced(validator, tmp_path, authority, holder):
    signed = sign(DOCUMENT, authority, holder)
    assert run(validator, tmp_path, signed).verdict is Indication.TOTAL_PASSED
    (process,) = validator._all
    assert process._process is not None
    os.kill(process._process.pid, signal.SIGKILL)
    process._process.wait()

    assert run(validator, tmp_path, signed).verdict is Indication.TOTAL_PASSED


def test_checking_for_anybody_yields_the_processor_to_signing(validator):
    validator.start()
    process = validator._all[0]._process
    assert process is not None
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) >= min(ours + 10, 19)  # 19 is the end of the scale


def test_wrong_settings_are_told_at_start(tmp_path):
    with (
        Validator(TrustSettings(roots=(tmp_path / "missing.pem",))) as validator,
        pytest.raises(InspectionUnavailable) as caught,
    ):
        validator.start()

    assert "FileNotFoundError" in caught.value.detail


def test_a_missing_file_is_the_callers_fault(validator, tmp_path):
    with pytest.raises(FileNotFoundError):
        validator.validate(tmp_path / "missing.pdf", now=NOW)


def test_many_callers_share_the_processes(trust, tmp_path, authority, holder):
    path = tmp_path / "document.pdf"
    path.write_bytes(sign(DOCUMENT, authority, holder))
    verdicts: list[Indication] = []

    with Validator(trust, processes=2) as validator:
        threads = [
            threading.Thread(target=lambda: verdicts.append(validator.validate(path, now=NOW).verdict))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert verdicts == [Indication.TOTAL_PASSED] * 8


def test_a_document_locked_by_a_password_is_told_to_be_locked(validator, tmp_path):
    with pikepdf.open(BytesIO(DOCUMENT)) as pdf:
        pdf.save(out := BytesIO(), encryption=pikepdf.Encryption(owner="o", user="u"))

    verdict = run(validator, tmp_path, out.getvalue())

    assert verdict.verdict is Indication.INDETERMINATE
    assert {reason.code for reason in verdict.reasons} == {"encrypted"}
    assert verdict.document.encrypted


def test_a_document_that_anybody_may_open_is_looked_into(validator, tmp_path, samples_folder):
    verdict = run(validator, tmp_path, (samples_folder / "ma-hoa.pdf").read_bytes())

    assert verdict.verdict is Indication.NO_SIGNATURE
    assert verdict.document.encrypted


def test_a_hybrid_document_is_told_to_be_one(validator, tmp_path):
    hybrid = DOCUMENT.replace(b"/Root", b"/XRefStm %d /Root" % DOCUMENT.rindex(b"xref\n0"), 1)

    verdict = run(validator, tmp_path, hybrid)

    assert verdict.verdict is Indication.INDETERMINATE


@pytest.fixture(scope="module")
def signed_once(served, holder: Holder) -> Archive:
    return Archive(sign(DOCUMENT, served.authority, holder, reserve=4096))


@QUIET
@given(data=st.data())
def test_no_flipped_byte_of_the_signed_content_ever_passes(data, signed_once, verdict_on, crls):
    start, end = contents_gap(signed_once.document)
    positions = st.integers(0, len(signed_once.document) - 1).filter(lambda place: not start <= place < end)
    place = data.draw(positions)
    changed = bytearray(signed_once.document)
    changed[place] ^= data.draw(st.integers(1, 255))

    verdict = verdict_on(bytes(changed))

    assert verdict.verdict is not Indication.TOTAL_PASSED


@QUIET
@given(data=st.data())
def test_no_flipped_byte_of_the_signature_passes_but_where_nothing_depends_on_it(
    data, signed_once, verdict_on, crls
):
    """Inside /Contents nothing signs the bytes; what depends on them must still be as it was."""
    start, end = contents_gap(signed_once.document)
    place = data.draw(st.integers(start, end - 1))
    changed = bytearray(signed_once.document)
    changed[place] ^= data.draw(st.sampled_from([1, 2, 4, 8, 16, 64, 128]))

    verdict = verdict_on(bytes(changed))

    if verdict.verdict is Indication.TOTAL_PASSED:
        (signature,) = verdict.signatures
        assert signature.signer is not None
        assert signature.signer.name == "Nguyễn Văn A"
        # What is left is the issuer's certificate, which is trusted through its own signature only.
        assert (place - start - 1) // 2 < len(read_cms(signed_once.document))
        assert not set(bytes(changed[start + 1 : end - 1])) - set(b"0123456789abcdefABCDEF")


@QUIET
@given(data=st.data())
def test_broken_archives_never_raise(data, archive, verdict_on, crls):
    changed = bytearray(archive.document)
    for _ in range(data.draw(st.integers(1, 20))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))

    assert isinstance(verdict_on(bytes(changed)), Verdict)


@QUIET
@given(data=st.data())
def test_a_cut_archive_never_raises_and_passes_only_at_the_end_of_a_revision(data, archive, verdict_on, crls):
    document = archive.document
    ends = [match.end() for match in re.finditer(rb"%%EOF", document)]
    near = st.sampled_from(ends).flatmap(lambda end: st.integers(max(0, end - 20), end + 200))
    part = document[: data.draw(st.integers(0, len(document)) | near)]

    verdict = verdict_on(part)

    if verdict.verdict is Indication.TOTAL_PASSED:
        assert part.rstrip().endswith(b"%%EOF")


@pytest.fixture(scope="module")
def archive(served, holder: Holder) -> Archive:
    authority: Authority = served.authority
    signed = sign(DOCUMENT, authority, holder, stamped_at=NOW - timedelta(hours=1))
    return Archive(add_timestamp(add_store(signed, authority, NOW), authority, NOW))
