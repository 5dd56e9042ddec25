"""The visible signatures that the tests put on documents."""

from signsvc.pades.appearance import VisibleSignature
from tests.interop.signing import SAMPLES

_RECT = (60, 60, 300, 160)
_TEXT = "Người ký: Nguyễn Văn Mẫu\nThời gian ký: 24/11/2026"

TEXT = VisibleSignature(page=1, rect=_RECT, text=_TEXT)
SEAL = VisibleSignature(page=1, rect=_RECT, image=(SAMPLES / "con-dau-36mm.png").read_bytes())
BOTH = VisibleSignature(page=-1, rect=_RECT, text=_TEXT, image=(SAMPLES / "chu-ky.png").read_bytes())
