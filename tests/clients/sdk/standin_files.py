"""Documents as the stand-in service prepares and signs them: a signature field appended to any bytes."""

import hashlib
from dataclasses import dataclass

HEX_DIGITS = 400


@dataclass
class Prepared:
    base: bytes
    suffix: bytes
    gap: tuple[int, int]

    @property
    def digest(self) -> bytes:
        whole = self.base + self.suffix
        return hashlib.sha256(whole[: self.gap[0]] + whole[self.gap[1] :]).digest()

    def signed(self, signature: bytes, after: bytes = b"") -> bytes:
        whole = self.base + self.suffix
        value = b"<" + signature.hex().ljust(HEX_DIGITS, "0").encode() + b">"
        return whole[: self.gap[0]] + value + whole[self.gap[1] :] + after


def prepare(base: bytes) -> Prepared:
    head = b"\n9 0 obj\n<< /Type /Sig /SubFilter /ETSI.CAdES.detached "
    head += b"/ByteRange [0 %010d %010d %010d] /Contents "
    tail = b" >>\nendobj\n%%EOF\n"
    start = len(base) + len(head % (0, 0, 0))
    end = start + HEX_DIGITS + 2
    suffix = head % (start, end, len(tail)) + b"<" + b"0" * HEX_DIGITS + b">" + tail
    return Prepared(base, suffix, (start, end))
