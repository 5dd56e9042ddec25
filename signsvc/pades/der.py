"""A small DER writer and reader (X.690): what signing needs in the hot path, and no more.

The writer makes only values it is given well-formed. The reader accepts definite lengths in their
shortest form and single-octet tags only, and never reads beyond the element it was asked about.
"""

from collections.abc import Iterator
from dataclasses import dataclass

BOOLEAN = 0x01
INTEGER = 0x02
OCTET_STRING = 0x04
NULL = 0x05
OID = 0x06
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31
CONTEXT_0 = 0xA0
CONTEXT_1 = 0xA1

DER_NULL = b"\x05\x00"
DER_TRUE = b"\x01\x01\xff"


class NotDer(ValueError):
    """The bytes are not the DER that was expected."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element inside ``data``: its header starts at ``start``, its content at ``body``."""

    data: bytes
    tag: int
    start: int
    body: int
    end: int

    @property
    def encoded(self) -> bytes:
        """The whole element, header included."""
        return self.data[self.start : self.end]

    @property
    def content(self) -> bytes:
        """The content octets."""
        return self.data[self.body : self.end]


def encode(tag: int, *parts: bytes) -> bytes:
    """An element with this identifier octet and the parts as its content."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE of already encoded parts, in this order."""
    return encode(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """SET OF already encoded parts, sorted as DER asks (X.690 §11.6)."""
    return encode(SET, *sorted(parts))


def integer(value: int) -> bytes:
    """INTEGER in the fewest octets; negative values too."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return encode(INTEGER, value.to_bytes(size, "big", signed=True))


def octet_string(value: bytes) -> bytes:
    """OCTET STRING."""
    return encode(OCTET_STRING, value)


def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        content += bytes(reversed(groups))
    return encode(OID, bytes(content))


def read(data: bytes, offset: int = 0, limit: int | None = None) -> Element:
    """The element at ``offset``, which must end by ``limit`` (default: the end of ``data``).

    Raises NotDer.
    """
    end = len(data) if limit is None else limit
    if offset + 2 > end:
        raise NotDer("the element is cut short")
    tag, size, body = data[offset], data[offset + 1], offset + 2
    if tag & 0x1F == 0x1F:
        raise NotDer("a tag of several octets")
    if size >= 0x80:
        octets = size & 0x7F
        if not 0 < octets <= 4 or body + octets > end:
            raise NotDer("an indefinite, oversized or cut length")
        size = int.from_bytes(data[body : body + octets], "big")
        if size < 0x80 or size.bit_length() <= 8 * (octets - 1):
            raise NotDer("a length that is not in its shortest form")
        body += octets
    if body + size > end:
        raise NotDer("the element is cut short")
    return Element(data, tag, offset, body, body + size)


def read_whole(data: bytes, tag: int) -> Element:
    """The one element of this tag that ``data`` consists of. Raises NotDer."""
    element = read(data)
    if element.tag != tag or element.end != len(data):
        raise NotDer(f"expected one element of tag {tag:#04x}")
    return element


def children(element: Element) -> Iterator[Element]:
    """The elements inside a constructed element, in order. Raises NotDer on the way."""
    offset = element.body
    while offset < element.end:
        child = read(element.data, offset, element.end)
        yield child
        offset = child.end


def first(element: Element) -> Element:
    """The first element inside a constructed element. Raises NotDer."""
    return read(element.data, element.body, element.end)


def read_integer(element: Element) -> int:
    """The value of an INTEGER. Raises NotDer."""
    content = element.content
    if element.tag != INTEGER or not content:
        raise NotDer("expected an INTEGER")
    return int.from_bytes(content, "big", signed=True)
