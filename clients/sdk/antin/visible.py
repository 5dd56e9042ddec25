"""Where a visible signature stands, and what it shows."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antin.errors import ConfigError, FileError

MAX_IMAGE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class VisibleSignature:
    """``page`` is 1-based, negative from the end. ``rect`` is left, bottom, right, top in PDF points
    (1/72 inch) of the page as it is seen, from its bottom left corner. ``image`` is a PNG.
    """

    page: int
    rect: tuple[float, float, float, float]
    text: str = ""
    image: bytes = b""

    def members(self) -> dict[str, Any]:
        """As the wire carries it."""
        members: dict[str, Any] = {"page": self.page, "rect": list(self.rect)}
        if self.text:
            members["text"] = self.text
        if self.image:
            members["image"] = base64.b64encode(self.image).decode()
        return members


def parse_place(text: str) -> tuple[int, tuple[float, float, float, float]]:
    """Read ``page=-1,rect=x1:y1:x2:y2``. Raises ConfigError."""
    try:
        parts = dict(part.split("=", 1) for part in text.replace(" ", "").split(","))
        page = int(parts.pop("page", "-1"))
        left, bottom, right, top = (float(number) for number in parts.pop("rect").split(":"))
    except (ValueError, KeyError) as error:
        raise _bad_place(text) from error
    if parts or page == 0 or not (left < right and bottom < top):
        raise _bad_place(text)
    return page, (left, bottom, right, top)


def read_image(path: Path) -> bytes:
    """Read the picture of a signature or seal: PNG, at most 4 MiB. Raises FileError."""
    try:
        with path.open("rb") as file:
            image = file.read(MAX_IMAGE + 1)
    except OSError as error:
        raise FileError(
            f"Không đọc được ảnh {path}: {error.strerror}.",
            f"Cannot read the image {path}: {error.strerror}.",
        ) from error
    if not image.startswith(b"\x89PNG\r\n\x1a\n") or len(image) > MAX_IMAGE:
        raise FileError(
            f"{path} phải là ảnh PNG, không quá 4 MiB.", f"{path} must be a PNG of at most 4 MiB."
        )
    return image


def _bad_place(text: str) -> ConfigError:
    return ConfigError(
        f"Không hiểu --visible {text!r}. Ví dụ: page=-1,rect=300:60:540:140 (điểm PDF, gốc ở góc dưới trái).",
        f"Cannot read --visible {text!r}. Example: page=-1,rect=300:60:540:140 (points, from bottom left).",
    )
