"""Names as the evidence takes them."""

import re
from collections.abc import Iterable

MOST = 32
_WORD = re.compile(r"[A-Za-z0-9_.:/+-]{1,100}", re.ASCII)


def names_on_record(names: Iterable[str]) -> list[str]:
    """At most 32, and only what the catalogue calls a word: a client may have registered odder scopes."""
    return [name for name in names if _WORD.fullmatch(name)][:MOST]
