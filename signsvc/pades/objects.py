"""PDF objects for pyHanko's writer, with types: the one place that builds them from plain values."""

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from pyhanko.pdf_utils import generic


class RawObject(generic.PdfObject):
    """A PDF object whose serialised form is known. It may hold no strings: those get encrypted."""

    def __init__(self, serialised: bytes) -> None:
        self.serialised = serialised

    def write_to_stream(self, stream: BinaryIO, handler: Any = None, container_ref: Any = None) -> None:
        """Write the object as it is."""
        stream.write(self.serialised)


def name(text: str) -> generic.NameObject:
    """A name, with its leading slash."""
    return generic.NameObject(text)


def number(value: int) -> generic.NumberObject:
    """An integer."""
    return generic.NumberObject(value)  # type: ignore[no-untyped-call]


def array(items: Sequence[Any]) -> generic.ArrayObject:
    """An array of PDF objects."""
    return generic.ArrayObject(items)


def dictionary(entries: Mapping[str, Any]) -> Any:
    """A dictionary; keys with their leading slash, values PDF objects."""
    return generic.DictionaryObject(  # type: ignore[no-untyped-call]
        {generic.NameObject(key): value for key, value in entries.items()}
    )


def stream(entries: Mapping[str, Any], data: bytes) -> Any:
    """A stream whose data is written as it is."""
    return generic.StreamObject(
        {generic.NameObject(key): value for key, value in entries.items()}, encoded_data=data
    )


def deflated(entries: Mapping[str, Any], data: bytes) -> Any:
    """A stream whose data has been compressed by zlib already."""
    return stream({**entries, "/Filter": name("/FlateDecode")}, data)


def entry(holder: Any, key: str, default: Any = None) -> Any:
    """The value of a PDF dictionary's key, resolved; ``default`` if there is none or it is null.

    pyHanko's own ``get`` hands out unresolved references.
    """
    try:
        value = holder[key]
    except KeyError:
        return default
    return default if isinstance(value, generic.NullObject) else value
