"""Documents that must not be signed, each made as its attacker would, from the same plain page."""

import io
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

ActiveMaker = Callable[[pikepdf.Pdf], Any]


def plain(pages: int = 2) -> pikepdf.Pdf:
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page(page_size=(595, 842))
    return pdf


def save(pdf: pikepdf.Pdf, path: Path, **settings: Any) -> Path:
    pdf.save(path, **settings)
    return path


def _annotate(pdf: pikepdf.Pdf, page: int, **entries: Any) -> None:
    annotation = pdf.make_indirect(
        Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], **entries)
    )
    pdf.pages[page].Annots = Array([annotation])


def _catalog(**entries: Any) -> ActiveMaker:
    # Serialised: an object belongs to the first document it is put into.
    written = {key: value.unparse() for key, value in entries.items()}

    def make(pdf: pikepdf.Pdf) -> None:
        for key, value in written.items():
            pdf.Root[f"/{key}"] = pikepdf.Object.parse(value)

    return make


def _action(kind: str, **entries: Any) -> ActiveMaker:
    written = Dictionary(S=Name(f"/{kind}"), **entries).unparse()

    def make(pdf: pikepdf.Pdf) -> None:
        _annotate(pdf, 1, A=pikepdf.Object.parse(written))

    return make


def _indirect(key: str, kind: str) -> ActiveMaker:
    """The name that says what it is stands in an object of its own."""

    def make(pdf: pikepdf.Pdf) -> None:
        written = pdf.make_indirect(Name(f"/{kind}"))
        if key == "S":
            _annotate(pdf, 1, A=Dictionary(S=written, T=String("x")))
        else:
            _annotate(pdf, 1)
            pdf.pages[1].Annots[0].Subtype = written

    return make


def _attached(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["a.txt"] = b"hidden"


def _hidden_deep(pdf: pikepdf.Pdf) -> None:
    action = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
    _annotate(pdf, 1, A=Dictionary(S=Name.GoTo, D=Array([0]), Next=Array([Dictionary(X=Array([action]))])))


def _js_in_stream(pdf: pikepdf.Pdf) -> None:
    code = pdf.make_stream(b"app.alert(1)")
    _annotate(pdf, 1, A=Dictionary(S=Name.JavaScript, JS=code))


def _stream_with(pdf: pikepdf.Pdf, **entries: Any) -> None:
    stream = pdf.make_stream(b"q Q", Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 1, 1]))
    for key, value in entries.items():
        stream[f"/{key}"] = value
    pdf.pages[1].Resources = Dictionary(XObject=Dictionary(Fm=pdf.make_indirect(stream)))


ONE_PAGE = b"<</Type/Pages/Kids[2 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 1 0 R/MediaBox[0 0 595 842]>>"
JAVASCRIPT = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))

# code: (makers, page that must be named)
ACTIVE: dict[str, tuple[str, ActiveMaker, int | None]] = {
    "link to a script": ("javascript", _action("JavaScript", JS=String("app.alert(1)")), 2),
    "script in a stream": ("javascript", _js_in_stream, 2),
    "script behind another action": ("javascript", _hidden_deep, 2),
    "script on opening": ("open-action", _catalog(OpenAction=JAVASCRIPT), None),
    "script in the name tree": (
        "javascript",
        _catalog(Names=Dictionary(JavaScript=Dictionary(Names=Array([String("a"), JAVASCRIPT])))),
        None,
    ),
    "actions of the document": ("additional-action", _catalog(AA=Dictionary(WC=JAVASCRIPT)), None),
    "program start": ("launch", _action("Launch", F=String("cmd.exe")), 2),
    "form sent away": ("submit-form", _action("SubmitForm", F=String("http://example.invalid")), 2),
    "data import": ("import-data", _action("ImportData", F=String("a.fdf")), 2),
    "link to a file": ("remote-goto", _action("GoToR", F=String("b.pdf"), D=Array([0])), 2),
    "link to an embedded file": ("embedded-goto", _action("GoToE", D=Array([0])), 2),
    "rendition": ("rich-media", _action("Rendition"), 2),
    "layer switch": ("layer-switch", _action("SetOCGState", State=Array([])), 2),
    "hide": ("hide", _action("Hide", T=String("x")), 2),
    "hide, named elsewhere": ("hide", _indirect("S", "Hide"), 2),
    "layer switch, named elsewhere": ("layer-switch", _indirect("S", "SetOCGState"), 2),
    "screen, named elsewhere": ("rich-media", _indirect("Subtype", "Screen"), 2),
    "attachment, named elsewhere": ("embedded-file", _indirect("Subtype", "FileAttachment"), 2),
    "xfa": ("xfa", _catalog(AcroForm=Dictionary(Fields=Array([]), XFA=String("<xdp/>"))), None),
    "attachment": ("embedded-file", _attached, None),
    "portfolio": ("embedded-file", _catalog(Collection=Dictionary()), None),
    "external stream": ("external-stream", lambda pdf: _stream_with(pdf, F=String("c.bin")), 2),
    "reference xobject": (
        "reference-xobject",
        lambda pdf: _stream_with(pdf, Ref=Dictionary(F=String("d.pdf"), Page=0)),
        2,
    ),
    "postscript": ("postscript", lambda pdf: _stream_with(pdf, Subtype=Name.PS), 2),
}


def escaped_javascript(path: Path) -> Path:
    """The same script with its names written in hexadecimal: /J#53 is /JS."""
    pdf = plain()
    ACTIVE["link to a script"][1](pdf)
    save(pdf, path, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    data = path.read_bytes()
    # Names grow, so offsets move: qpdf writes the cross-reference anew from the repaired file.
    changed = data.replace(b"/JavaScript", b"/Java#53cript").replace(b"/JS", b"/J#53")
    path.write_bytes(_with_classic_xref(changed))
    return path


def _with_classic_xref(data: bytes) -> bytes:
    """Rebuild the cross-reference table of a simple file, byte for byte what stands before it."""
    body = data[: data.rindex(b"xref\n", 0, data.rindex(b"startxref"))]
    trailer = data[data.rindex(b"trailer") : data.rindex(b"startxref")]
    places = {int(m[1]): m.start() for m in re.finditer(rb"(?m)^(\d+) 0 obj", body)}
    size = max(places) + 1
    lines = [b"xref\n0 %d\n0000000000 65535 f \n" % size]
    lines += [b"%010d 00000 n \n" % places[number] for number in range(1, size)]
    return body + b"".join(lines) + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)


def colliding(path: Path, *, inside_stream: bool = False) -> Path:
    """A second "n 0 obj" that no cross-reference points to; or only the text of one, inside a stream."""
    pdf = plain()
    text = b"\n4 0 obj\n<< /Evil true >>\nendobj\n4 0 obj\n<<>>\nendobj\n"
    pdf.pages[0].Contents = pdf.make_stream(text if inside_stream else b"q Q")
    save(
        pdf,
        path,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
    )
    if not inside_stream:
        data = path.read_bytes()
        start = data.index(b"4 0 obj")
        double = data[start : data.index(b"endobj", start) + 7]
        cut = data.rindex(b"xref\n", 0, data.rindex(b"startxref"))
        path.write_bytes(_with_first_xref(data[:cut] + double + data[cut:]))
    return path


def _with_first_xref(data: bytes) -> bytes:
    start = data.rindex(b"xref\n", 0, data.rindex(b"startxref"))
    head = data[: data.rindex(b"startxref")]
    return head + b"startxref\n%d\n%%%%EOF\n" % start


def bomb(path: Path, layers: int) -> Path:
    """A content stream of 300 MB of blanks in a few kB; with two layers, in a few hundred bytes."""
    packed = io.BytesIO()
    machine = zlib.compressobj(9)
    for _ in range(300):
        packed.write(machine.compress(b" " * 1024 * 1024))
    packed.write(machine.flush())
    data = packed.getvalue()
    for _ in range(layers - 1):
        data = zlib.compress(data, 9)
    pdf = plain()
    stream = pikepdf.Stream(pdf, data)
    stream.write(data, filter=Array([Name.FlateDecode] * layers))
    pdf.pages[1].Contents = pdf.make_indirect(stream)
    return save(pdf, path, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def written(path: Path, objects: list[bytes], trailer: bytes) -> Path:
    """A file of exactly these objects, for faults that no library writes."""
    data, places = bytearray(b"%PDF-1.7\n"), []
    for number, thing in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, thing)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer\n<</Size %d %b>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(data))
    path.write_bytes(b"".join((data, head, table, end)))
    return path


def disguised_bomb(path: Path, size: int) -> Path:
    """XMP that says it is a picture of one pixel, whose decoded size nobody need measure."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(size >> 20)) + packer.flush()
    head = b"<</Subtype/Image/Width 1/Height 1/Filter/FlateDecode/Length %d>>" % len(data)
    stream = head + b"stream\n" + data + b"\nendstream"
    catalog = b"<</Type/Catalog/Pages 1 0 R/Metadata 4 0 R>>"
    return written(path, [ONE_PAGE, PAGE, catalog, stream], b"/Root 3 0 R")


def miscounting_tree(path: Path, count: bytes) -> Path:
    """Readers that trust /Count show other pages than readers that walk the tree."""
    objects = [
        b"<</Type/Pages/Kids[4 0 R 2 0 R]/Count 2>>",
        PAGE,
        b"<</Type/Catalog/Pages 1 0 R>>",
        b"<</Type/Pages/Parent 1 0 R/Kids[5 0 R]/Count %b>>" % count,
        b"<</Type/Page/Parent 4 0 R/MediaBox[0 0 595 842]>>",
    ]
    return written(path, objects, b"/Root 3 0 R")


def looping_tree(path: Path) -> Path:
    """A page tree that is its own child."""
    pdf = plain(1)
    save(pdf, path, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    data = path.read_bytes()
    kids = re.search(rb"/Kids \[ (\d) 0 R \]", data)
    root = re.search(rb"/Pages (\d) 0 R", data)
    assert kids is not None
    assert root is not None
    path.write_bytes(data[: kids.start(1)] + root[1] + data[kids.end(1) :])
    return path


def hybrid(path: Path) -> Path:
    """A classic cross-reference table whose /XRefStm tells newer readers of one object more."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
    }
    out = bytearray(b"%PDF-1.5\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    hidden = len(out)
    out += b"4 0 obj\n<< /Length 3 >>\nstream\nq Q\nendstream\nendobj\n"
    table = len(out)
    entries = b"\x01" + hidden.to_bytes(3, "big") + b"\x00"
    out += (
        b"5 0 obj\n<< /Type /XRef /W [1 3 1] /Index [4 1] /Size 6 /Root 1 0 R /Length %d >>\nstream\n"
        % len(entries)
    )
    out += entries + b"\nendstream\nendobj\n"
    classic = len(out)
    out += b"xref\n0 4\n0000000000 65535 f \n"
    out += b"".join(b"%010d 00000 n \n" % places[number] for number in objects)
    out += b"trailer\n<< /Size 6 /Root 1 0 R /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n" % (table, classic)
    path.write_bytes(out)
    return path
