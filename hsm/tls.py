"""Mutual TLS between hosts: the files each side of the trust line brings."""

from pathlib import Path

from pydantic import BaseModel


class TlsFiles(BaseModel):
    """PEM files: our certificate (with its chain), its key, and the authority of the other side."""

    certificate: Path
    key: Path
    authority: Path
