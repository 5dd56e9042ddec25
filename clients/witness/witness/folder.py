"""The witness's own folder: its key, what it remembers, what it publishes, what it keeps as evidence."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from witness.errors import FolderUnusable
from witness.note import COSIGNER_KEY, VerifierKey, parse_verifier_key

KEY, VERIFIER_KEY, LAST, PUBLIC, EVIDENCE = "key.pem", "verifier-key", "last.json", "public", "evidence"


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last checkpoint that we accepted, and when. Trusted: nobody else writes here."""

    note: str
    time: int


class Folder:
    """A witness's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, name: str) -> VerifierKey:
        """Make a witness: its key, never seen outside of the folder. Raises FolderUnusable."""
        key = Ed25519PrivateKey.generate()
        verifier_key = VerifierKey(name, COSIGNER_KEY, key.public_key().public_bytes_raw())
        parse_verifier_key(str(verifier_key), COSIGNER_KEY)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with _os_errors():
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                descriptor = os.open(self.path / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError as error:
                raise FolderUnusable(f"{self.path} has a key already: a witness keeps its key.") from error
            with open(descriptor, "wb") as file:  # noqa: PTH123 -- a descriptor
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            _replace(self.path / VERIFIER_KEY, f"{verifier_key}\n")
        return verifier_key

    def key(self) -> tuple[str, Ed25519PrivateKey]:
        """Our name and our key. Raises FolderUnusable."""
        with _os_errors():
            text = (self.path / VERIFIER_KEY).read_text()
            pem = (self.path / KEY).read_bytes()
        try:
            key = load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise FolderUnusable(f"{self.path / KEY} cannot be read.") from error
        verifier_key = parse_verifier_key(text, COSIGNER_KEY)
        if (
            not isinstance(key, Ed25519PrivateKey)
            or key.public_key().public_bytes_raw() != verifier_key.public_key
        ):
            raise FolderUnusable(f"{self.path / KEY} is not the key of {VERIFIER_KEY}.")
        return verifier_key.name, key

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Only one process at a time may remember. Raises FolderUnusable."""
        with _os_errors(), (self.path / ".lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderUnusable(f"Another witness is at work in {self.path}.") from error
            yield

    def remembered(self) -> Remembered | None:
        """None before the first checkpoint. Raises FolderUnusable: a damaged memory is not a new one."""
        with _os_errors():
            try:
                text = (self.path / LAST).read_text("utf-8")
            except FileNotFoundError:
                return None
        try:
            fields = json.loads(text)
            return Remembered(str(fields["note"]), int(fields["time"]))
        except (ValueError, KeyError, TypeError) as error:
            raise FolderUnusable(f"{self.path / LAST} is damaged.") from error

    def remember(self, remembered: Remembered) -> None:
        """Durable when this returns. Raises FolderUnusable."""
        fields = {"note": remembered.note, "time": remembered.time}
        with _os_errors():
            _replace(self.path / LAST, json.dumps(fields, ensure_ascii=False) + "\n")

    def publish(self, cosigned: str) -> None:
        """Raises FolderUnusable."""
        with _os_errors():
            (self.path / PUBLIC).mkdir(exist_ok=True, mode=0o755)
            _replace(self.path / PUBLIC / "checkpoint", cosigned)

    def keep_evidence(self, name: str, notes: list[str]) -> Path:
        """Keep signed notes that cannot all be true. Raises FolderUnusable."""
        folder = self.path / EVIDENCE / name
        with _os_errors():
            folder.mkdir(parents=True, exist_ok=True)
            for number, note in enumerate(notes, 1):
                _replace(folder / f"checkpoint-{number}", note)
        return folder


def _replace(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    with new.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextlib.contextmanager
def _os_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FolderUnusable(f"{error.filename}: {error.strerror}") from error
