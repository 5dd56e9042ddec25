"""RFC 8785 for what acts and entries are made of, at the speed of a signature.

Acts and entries are objects of ASCII member names, texts, integers below 2^53, lists and objects;
for these the sorted output of orjson is the canonical form (a test compares it with ``rfc8785``).
Anything else, floats above all, is refused rather than spelled wrongly.
"""

from typing import Any

import orjson

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER


def canonical(value: Any) -> bytes:
    """The canonical bytes. Raises ValueError for what has none here."""
    _check(value)
    return orjson.dumps(value, option=_OPTIONS)


def _check(value: Any) -> None:
    match value:
        case str() | int() | None:  # a bool is an int
            return
        case list():
            for item in value:
                _check(item)
        case dict():
            for name, member in value.items():
                # RFC 8785 §3.2.3 sorts by UTF-16 code units, orjson by bytes: the same for ASCII.
                if not isinstance(name, str) or not name.isascii():
                    raise ValueError("member names are ASCII")
                _check(member)
        case _:
            raise ValueError(f"{type(value).__name__} has no canonical form here")
