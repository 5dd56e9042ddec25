"""Where a published log is read from: a folder, or an HTTP address. Nothing read is trusted."""

from pathlib import Path
from typing import Protocol

import httpx

from witness.errors import LogDamaged, LogUnavailable


class Source(Protocol):
    """Reads one file of the log: None when there is none. Raises LogUnavailable, LogDamaged."""

    def __call__(self, path: str, limit: int) -> bytes | None: ...


def open_source(address: str) -> Source:
    """``http(s)://…`` or a folder."""
    if address.startswith(("http://", "https://")):
        return HttpSource(address)
    return FolderSource(Path(address))


class FolderSource:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, path: str, limit: int) -> bytes | None:
        try:
            with (self._folder / path).open("rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LogUnavailable(f"{path}: {error.strerror}") from error
        return _within(data, path, limit)


class HttpSource:
    def __init__(self, address: str, *, seconds: float = 10.0) -> None:
        # A redirect would let whoever answers choose another log's files, or our own network's.
        self._client = httpx.Client(
            base_url=address.rstrip("/") + "/", timeout=seconds, follow_redirects=False, trust_env=False
        )

    def __call__(self, path: str, limit: int) -> bytes | None:
        data = b""
        try:
            with self._client.stream("GET", path) as response:
                if response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
                    return None
                if response.status_code != httpx.codes.OK:
                    raise LogUnavailable(f"{path}: status {response.status_code}")
                for chunk in response.iter_bytes():
                    data += chunk
                    _within(data, path, limit)
        except httpx.HTTPError as error:
            raise LogUnavailable(f"{path}: {type(error).__name__}") from error
        return data


def _within(data: bytes, path: str, limit: int) -> bytes:
    if len(data) > limit:
        raise LogDamaged(f"{path} is longer than such a file can be.")
    return data
