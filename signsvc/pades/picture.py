"""A PNG picture as PDF image streams: colours and, where it is transparent, a soft mask."""

import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from signsvc.pades.errors import StampUnusable
from signsvc.pades.objects import RawObject, deflated, name, number

MAX_PICTURE_BYTES = 2 * 1024 * 1024
MAX_PIXELS = 16_000_000

# sRGB as a CIE-based space: allowed in every part of PDF/A, whatever the output intent (ISO 19005-2 §6.2.4).
CAL_RGB = (
    b"[/CalRGB << /WhitePoint [0.9505 1 1.089] /Gamma [2.2 2.2 2.2] "
    b"/Matrix [0.4124 0.2126 0.0193 0.3576 0.7152 0.1192 0.1805 0.0722 0.9505] >>]"
)


@dataclass(frozen=True, slots=True)
class Picture:
    """Compressed samples of ``width`` by ``height`` pixels; ``mask`` is empty when nothing is transparent."""

    width: int
    height: int
    colours: bytes
    mask: bytes

    def add_to(self, writer: BasePdfFileWriter) -> Any:
        """Add the picture to a document and return its reference."""
        entries = self._entries(RawObject(CAL_RGB))
        if self.mask:
            mask = deflated(self._entries(name("/DeviceGray")), self.mask)
            entries["/SMask"] = writer.add_object(mask)
        return writer.add_object(deflated(entries, self.colours))

    def _entries(self, colour_space: Any) -> dict[str, Any]:
        return {
            "/Type": name("/XObject"),
            "/Subtype": name("/Image"),
            "/Width": number(self.width),
            "/Height": number(self.height),
            "/BitsPerComponent": number(8),
            "/ColorSpace": colour_space,
        }


def load_picture(png: bytes, *, flatten: bool = False) -> Picture:
    """Read a PNG. ``flatten`` puts it on white instead of a soft mask (PDF/A-1 has no transparency).

    Raises StampUnusable.
    """
    if len(png) > MAX_PICTURE_BYTES:
        raise StampUnusable(
            "Ảnh chữ ký lớn hơn 2 MiB.", "The signature's picture is larger than 2 MiB.", detail=str(len(png))
        )
    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise StampUnusable("Ảnh chữ ký quá nhiều điểm ảnh.", "The picture has too many pixels.")
            rgba = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise StampUnusable(
            "Ảnh chữ ký không phải là tệp PNG hợp lệ.",
            "The signature's picture is not a valid PNG.",
            detail=str(error),
        ) from error
    alpha = rgba.getchannel("A")
    if flatten:
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        rgba = Image.alpha_composite(white, rgba)
    opaque = flatten or alpha.getextrema()[0] == 255
    return Picture(
        width=rgba.width,
        height=rgba.height,
        colours=zlib.compress(rgba.convert("RGB").tobytes(), 9),
        mask=b"" if opaque else zlib.compress(alpha.tobytes(), 9),
    )
