"""Prepare a document for a signature: everything is written but the signature itself.

The digest of the prepared document is what the signer approves. Between ``prepare`` and ``embed`` may lie
minutes and another process: ``Prepared`` is JSON-ready for that.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from signsvc.pades.appearance import Appearances, VisibleSignature, draw_nothing
from signsvc.pades.appending import Appender, append, digest_around_gap, fill_gap, write_placeholder
from signsvc.pades.certification import check_changes_allowed
from signsvc.pades.errors import DocumentChanged, PlacementImpossible, ReserveTooSmall
from signsvc.pades.objects import dictionary, entry, name
from signsvc.pades.page import is_pdfa_1, view_page
from signsvc.pades.placement import place


@dataclass(frozen=True, slots=True)
class SignatureRequest:
    """What kind of signature is wanted.

    ``reserve``: bytes of the largest CMS that may come (``CmsTemplate.reserve``); ``signing_time``: aware,
    becomes /M; ``password`` opens an encrypted document, which stays encrypted.
    """

    reserve: int
    signing_time: datetime
    name: str = ""
    reason: str = ""
    location: str = ""
    contact: str = ""
    visible: VisibleSignature | None = None
    password: str | None = None
    allow_hybrid: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared document. ``digest``: SHA-256 over all but [gap_start, gap_end); sizes in bytes.

    ``base_size``: the length before; ``size``: the length now. The bytes between are what was appended.
    """

    digest: bytes
    gap_start: int
    gap_end: int
    base_size: int
    size: int
    field_name: str

    @property
    def reserved(self) -> int:
        """How many bytes of CMS fit into the gap."""
        return (self.gap_end - self.gap_start - 2) // 2

    def encode(self) -> dict[str, Any]:
        """As JSON-ready members; ``decode_prepared`` is the way back."""
        return asdict(self) | {"digest": self.digest.hex()}


def decode_prepared(members: dict[str, Any]) -> Prepared:
    """What ``Prepared.encode`` wrote."""
    return Prepared(**(members | {"digest": bytes.fromhex(members["digest"])}))


def prepare(path: Path, request: SignatureRequest, appearances: Appearances | None = None) -> Prepared:
    """Append a signature field, its appearance and an empty signature to the file, in place.

    ``appearances`` is needed for a visible signature. Raises DocumentRefused, PlacementImpossible,
    StampUnusable; the file is then as it was.
    """
    base_size = path.stat().st_size

    def make(writer: Appender) -> tuple[int, int, str]:
        return _write_signature(writer, request, appearances)

    gap_start, gap_end, field_name = append(
        path, make, password=request.password, allow_hybrid=request.allow_hybrid
    )
    return Prepared(
        digest=digest_around_gap(path, gap_start, gap_end),
        gap_start=gap_start,
        gap_end=gap_end,
        base_size=base_size,
        size=path.stat().st_size,
        field_name=field_name,
    )


def embed(path: Path, prepared: Prepared, cms: bytes, *, check: bool = True, fsync: bool = True) -> None:
    """Write the CMS into the gap, in place. Doing it again with the same CMS changes nothing.

    ``check`` reads the file once more, to be sure it is still the one that was prepared; leave it out only
    when the file was out of nobody's hands since. Raises ReserveTooSmall, DocumentChanged.
    """
    if len(cms) > prepared.reserved:
        raise ReserveTooSmall(len(cms), prepared.reserved)
    if path.stat().st_size != prepared.size or (
        check and digest_around_gap(path, prepared.gap_start, prepared.gap_end) != prepared.digest
    ):
        raise DocumentChanged(
            "Tài liệu đã thay đổi sau khi chuẩn bị; hãy chuẩn bị lại.",
            "The document changed after it was prepared; prepare it again.",
        )
    fill_gap(path, prepared.gap_start, cms, fsync=fsync)


def undo(path: Path, prepared: Prepared) -> None:
    """Cut the file back to what it was before ``prepare``."""
    with path.open("r+b") as file:
        file.truncate(prepared.base_size)


def _write_signature(
    writer: Appender, request: SignatureRequest, appearances: Appearances | None
) -> tuple[int, int, str]:
    check_changes_allowed(writer)
    field_name = free_field_name(writer, "Signature")
    page_index = 0
    box: Any = None
    placement = None
    if request.visible is not None:
        page_index = _page_index(writer, request.visible.page)
        placement = place(view_page(writer, page_index), request.visible.rect)
        box = placement.rect
    embedder = PdfCMSEmbedder(SigFieldSpec(field_name, on_page=page_index, box=box))
    steps = embedder.write_cms(field_name, writer)
    field = next(steps).get_object()
    if request.visible is not None and placement is not None:
        if appearances is None:
            raise ValueError("a visible signature needs appearances")
        drawn = appearances.draw(writer, request.visible, placement, flatten=is_pdfa_1(writer))
        field[name("/AP")] = dictionary({"/N": drawn})
    elif is_pdfa_1(writer):
        field[name("/AP")] = dictionary({"/N": draw_nothing(writer)})
    placeholder = SignatureObject(
        timestamp=request.signing_time,
        subfilter=SigSeedSubFilter.PADES,
        name=request.name,
        reason=request.reason,
        location=request.location,
        contact_info=request.contact,
        bytes_reserved=2 * request.reserve,
    )
    steps.send(SigObjSetup(sig_placeholder=placeholder))
    return *write_placeholder(writer, placeholder), field_name


def free_field_name(writer: Appender, stem: str) -> str:
    """The first of stem1, stem2 … that no field of the document has."""
    fields = entry(entry(writer.root, "/AcroForm", {}), "/Fields", ())
    taken = {str(entry(field.get_object(), "/T", "")) for field in fields}
    return next(name for n in range(1, len(taken) + 2) if (name := f"{stem}{n}") not in taken)


def _page_index(writer: Appender, page: int) -> int:
    count = int(writer.root["/Pages"]["/Count"])
    index = page - 1 if page > 0 else count + page
    if page == 0 or not 0 <= index < count:
        raise PlacementImpossible(
            f"Không có trang {page}: tài liệu có {count} trang.",
            f"There is no page {page}: the document has {count} pages.",
        )
    return index
