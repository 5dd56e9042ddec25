"""Sign with pyHanko, a signer independent of the service's own, and change what was signed."""

from datetime import datetime
from io import BytesIO
from typing import Any

import pikepdf
from asn1crypto.crl import CertificateList
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.validation.dss import DocumentSecurityStore

from tests.signsvc.pades_validate.pki import NOW, Authority, Holder


def make_document(pages: int = 2) -> bytes:
    """Pages with text, and one text field."""
    pdf = pikepdf.new()
    font = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
    )
    for number in range(pages):
        lines = "".join(
            f"1 0 0 1 72 {760 - 20 * line} Tm (Quyet dinh {number + 1}, dong {line + 1}: chi 1.000.000) Tj "
            for line in range(10)
        )
        content = pdf.make_stream(f"BT /F1 12 Tf {lines} ET".encode())
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=[0, 0, 595, 842],
            Resources=pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font)),
            Contents=content,
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    field = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T="so_tien",
            V="1.000.000",
            Rect=[72, 100, 300, 130],
            F=4,
            P=pdf.pages[0].obj,
        )
    )
    pdf.pages[0].Annots = pdf.make_indirect(pikepdf.Array([field]))
    pdf.Root.AcroForm = pdf.make_indirect(
        pikepdf.Dictionary(Fields=pdf.make_indirect(pikepdf.Array([field])))
    )
    out = BytesIO()
    pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable, deterministic_id=True)
    return out.getvalue()


DOCUMENT = make_document()


def sign(
    document: bytes,
    authority: Authority,
    holder: Holder,
    *,
    field: str = "ChuKy1",
    box: tuple[int, int, int, int] | None = None,
    at: datetime = NOW,
    stamped_at: datetime | None = None,
    stamper: Authority | None = None,
    certify: MDPPerm | None = None,
    signer: Any = None,
    page: int = 0,
    subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES,
    reserve: int = 16384,
    digest: str = "sha256",
    **more: Any,
) -> bytes:
    """A signature at B-B, or at B-T with ``stamped_at``."""
    metadata = signers.PdfSignatureMetadata(
        field_name=field,
        md_algorithm=digest,
        subfilter=subfilter,
        certify=certify is not None,
        docmdp_permissions=certify or MDPPerm.FILL_FORMS,
        reason="Phê duyệt",
        **more,
    )
    writer = IncrementalPdfFileWriter(BytesIO(document))
    pdf_signer = signers.PdfSigner(
        metadata,
        signer=signer or authority.signer(holder),
        timestamper=None if stamped_at is None else (stamper or authority).timestamper(stamped_at),
        new_field_spec=SigFieldSpec(field, on_page=page, box=box),
    )
    out = pdf_signer.sign_pdf(writer, bytes_reserved=reserve)
    return bytes(out.getbuffer())


def add_store(document: bytes, authority: Authority, at: datetime, *holders: Holder) -> bytes:
    """A document security store with CRLs of ``at``."""
    writer = IncrementalPdfFileWriter(BytesIO(document))
    certificates = [holder.asn1 for holder in (*holders, authority.issuing)]
    crls = [_crl(authority.crl(name, at)) for name in ("issuing", "root")]
    DocumentSecurityStore.supply_dss_in_writer(writer, None, certs=certificates, crls=crls)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def add_timestamp(document: bytes, authority: Authority, at: datetime) -> bytes:
    """A document time-stamp."""
    writer = IncrementalPdfFileWriter(BytesIO(document))
    stamper = signers.PdfTimeStamper(authority.timestamper(at))
    out = stamper.timestamp_pdf(writer, "sha256", bytes_reserved=16384)
    return bytes(out.getbuffer())


def update(document: bytes, change: Any) -> bytes:
    """An incremental update: ``change(writer)`` does it."""
    writer = IncrementalPdfFileWriter(BytesIO(document))
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def replace_text(writer: IncrementalPdfFileWriter) -> None:
    """Other page content under the same object number: an incremental saving attack."""
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    reference = page.raw_get("/Contents").reference
    stream = generic.StreamObject(stream_data=b"BT /F1 12 Tf 1 0 0 1 72 760 Tm (chi 9.000.000) Tj ET")
    writer.objects[reference.generation, reference.idnum] = stream


def add_annotation(writer: IncrementalPdfFileWriter) -> None:
    """A free text over the first line: an evil annotation attack."""
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    annotation = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (60, 740, 400, 790))),
            pdf_name("/Contents"): generic.pdf_string("9.000.000"),
            pdf_name("/DA"): generic.pdf_string("/Helv 12 Tf"),
        }
    )
    annotations = page["/Annots"]
    annotations.append(writer.add_object(annotation))
    writer.update_container(annotations)


def fill_field(writer: IncrementalPdfFileWriter) -> None:
    """The text field gets another value."""
    field = writer.root["/AcroForm"]["/Fields"][0].get_object()
    field[pdf_name("/V")] = generic.pdf_string("9.000.000")
    writer.update_container(field)


def add_stamp_field(
    box: tuple[int, int, int, int], name: str = "Dau", drawing: bytes = b"1 g 0 0 600 600 re f"
) -> Any:
    """A signature field with a picture, that nobody signs."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec(name, on_page=0, box=box))
        fields = writer.root["/AcroForm"]["/Fields"]
        field = fields[len(fields) - 1].get_object()
        picture = generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 600, 600))),
            },
            stream_data=drawing,
        )
        field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(picture)})
        writer.update_container(field)

    return change


def contents_gap(document: bytes, index: int = 0) -> tuple[int, int]:
    """The gap of the signature with this index: from < to behind >."""
    reader = PdfFileReader(BytesIO(document))
    signature = reader.embedded_signatures[index]
    return int(signature.byte_range[1]), int(signature.byte_range[2])


def with_cms(document: bytes, cms: bytes) -> bytes:
    """Another CMS in the gap of the first signature."""
    start, end = contents_gap(document)
    room = end - start - 2
    digits = cms.hex().encode().ljust(room, b"0")
    assert len(digits) == room
    return document[: start + 1] + digits + document[end - 1 :]


def read_cms(document: bytes, index: int = 0) -> bytes:
    reader = PdfFileReader(BytesIO(document))
    content: bytes = reader.embedded_signatures[index].pkcs7_content
    return content


def _crl(encoded: bytes) -> Any:
    return CertificateList.load(encoded)
