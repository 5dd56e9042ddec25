"""What is recomputed before approving and checked after: any change, in any chunking."""

import hashlib
import itertools
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from antin import DamagedDownload, SubstitutedDocument
from antin.byte_ranges import find_range
from antin.prepared import PreparedSignature, ReturnedFile, recompute_digest
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import PdfSignedData

from tests.clients.sdk.standin_files import Prepared, prepare

OWN = b"%PDF-1.7 own file"
MADE = prepare(OWN)


def told(made: Prepared) -> PreparedSignature:
    return PreparedSignature(
        signature_id="s",
        act=b"{}",
        document_digest=made.digest,
        base_size=len(made.base),
        base_sha256=hashlib.sha256(made.base).digest(),
        gap=made.gap,
        suffix=made.suffix,
    )


def returned(data: bytes, cuts: list[int]) -> ReturnedFile:
    file = ReturnedFile(told(MADE))
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        file.feed(data[start:end])
    return file


@given(st.lists(st.integers(0, 1200)), st.binary(max_size=50))
def test_a_signed_file_passes_in_any_chunks_with_any_later_increment(cuts: list[int], after: bytes) -> None:
    data = MADE.signed(b"signature", after)
    file = returned(data, cuts)
    file.check(MADE.digest)
    assert (file.sha256, file.size) == (hashlib.sha256(data).hexdigest(), len(data))


@given(st.data(), st.lists(st.integers(0, 1200)))
def test_one_changed_bit_outside_the_gap_is_found(data: st.DataObject, cuts: list[int]) -> None:
    signed = bytearray(MADE.signed(b"signature"))
    start, end = MADE.gap
    at = data.draw(st.integers(0, len(signed) - 1).filter(lambda at: not start < at < end - 1))
    signed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DamagedDownload):
        returned(bytes(signed), cuts).check(MADE.digest)


@given(st.binary(min_size=1, max_size=40), st.integers(0, 350))
def test_the_gap_holds_a_hex_string_and_nothing_else(smuggled: bytes, at: int) -> None:
    """The gap is what nobody signs: it must not carry an object, a script, a second signature."""
    signed = bytearray(MADE.signed(b"signature"))
    signed[MADE.gap[0] + 1 + at : MADE.gap[0] + 1 + at + len(smuggled)] = smuggled
    file = returned(bytes(signed), [])
    if all(char in b"0123456789abcdefABCDEF" for char in smuggled):
        file.check(MADE.digest)
    else:
        with pytest.raises(DamagedDownload):
            file.check(MADE.digest)


@given(st.integers(0, 1100))
def test_a_file_cut_anywhere_is_refused(length: int) -> None:
    data = MADE.signed(b"signature")
    with pytest.raises(DamagedDownload):
        returned(data[: min(length, len(data) - 1)], []).check(MADE.digest)


def test_only_our_own_file_with_its_suffix_is_recomputed_to_the_digest() -> None:
    own = hashlib.sha256(OWN)
    good = told(MADE)
    assert recompute_digest(good, len(OWN), own) == MADE.digest
    start, end = good.gap
    for wrong in (
        replace(good, base_size=len(OWN) - 1),
        replace(good, base_sha256=bytes(32)),
        replace(good, document_digest=bytes(32)),
        replace(good, suffix=good.suffix + b" "),
        replace(good, gap=(start - 1, end)),
        replace(good, gap=(start, end + 1)),
        replace(good, gap=(end, start)),
        replace(good, gap=(0, end)),
        replace(good, gap=(start, good.size + 1)),
    ):
        with pytest.raises(SubstitutedDocument):
            recompute_digest(wrong, len(OWN), own)


def test_a_byte_range_counts_only_by_its_hash(tmp_path: Path) -> None:
    data = MADE.signed(b"signature", b"/ByteRange [0 5 9 3] /ByteRange [1 2 3 4] /ByteRange [0 9 5 1]")
    path = tmp_path / "signed.pdf"
    path.write_bytes(data)
    expected = (0, MADE.gap[0], MADE.gap[1], len(OWN + MADE.suffix) - MADE.gap[1])
    assert find_range(path, MADE.digest) == find_range(data, MADE.digest) == expected
    assert find_range(data, hashlib.sha256(data).digest()) is None
    assert find_range(data, hashlib.sha256(data[1:3] + data[3:7]).digest()) is None
    assert find_range(data.replace(b"own", b"0wn"), MADE.digest) is None


def test_a_byte_range_written_by_pyhanko_is_found() -> None:
    """Another's PDF writer: its padding and spacing are not ours."""
    new = PdfFileWriter()
    new.insert_page(PageObject(contents=new.add_object(_empty_stream()), media_box=(0, 0, 200, 200)))
    made = BytesIO()
    new.write(made)
    writer = IncrementalPdfFileWriter(made)
    steps = PdfCMSEmbedder(SigFieldSpec("S")).write_cms("S", writer)
    next(steps)
    steps.send(SigObjSetup(sig_placeholder=PdfSignedData(pdf_name("/Sig"), bytes_reserved=200)))
    digest, output = steps.send(SigIOSetup(md_algorithm="sha256", in_place=True))
    steps.send(b"\x30\x00")
    assert find_range(output.getvalue(), digest.document_digest) is not None


def _empty_stream() -> object:
    from pyhanko.pdf_utils.generic import StreamObject  # noqa: PLC0415

    return StreamObject(stream_data=b"")
