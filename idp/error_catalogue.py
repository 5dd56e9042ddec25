"""What every error code means and what to do: ``error_catalogue.toml``, told at /errors."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_FILE = Path(__file__).with_name("error_catalogue.toml")


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """``status``: the HTTP status it mostly comes with. ``do_*``: what the reader can do."""

    code: str
    status: int
    vi: str
    en: str
    do_vi: str
    do_en: str


def _read() -> Mapping[str, ErrorEntry]:
    document = tomllib.loads(_FILE.read_text("utf-8"))
    return MappingProxyType({code: ErrorEntry(code, **entry) for code, entry in sorted(document.items())})


ERRORS = _read()
