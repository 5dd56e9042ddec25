"""A real log, published by the key process's own publisher, and a witness of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from witness.folder import Folder
from witness.note import LOG_KEY, VerifierKey, parse_verifier_key
from witness.observe import Witness
from witness.source import FolderSource

from hsm.database import Database
from hsm.journal.checkpoint import checkpoint_body, format_note, verifier_key
from hsm.journal.log import Log
from hsm.journal.publish import Publisher
from hsm.journal.tables import journal_entry, journal_head, journal_tile
from hsm.schema import metadata

ORIGIN = "antin.example/journal"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VERIFIER = verifier_key(ORIGIN, PUBLIC)
NAME = "witness.example/antin"


def seal(size: int, root: bytes, *, origin: str = ORIGIN, key: Ed25519PrivateKey = KEY) -> str:
    body = checkpoint_body(origin, size, root)
    return format_note(body, origin, key.public_key().public_bytes_raw(), key.sign(body.encode()))


class PublishedLog:
    """A log of its own database and folder. ``flavour`` makes its entries differ from another log's."""

    def __init__(self, directory: Path, flavour: str = "") -> None:
        directory.mkdir(exist_ok=True)
        self.public = directory / "public"
        self.database = Database(f"sqlite:///{directory / 'journal.sqlite3'}")
        with self.database.writing() as connection:
            metadata.create_all(connection, tables=[journal_entry, journal_tile, journal_head])
        self.log = Log(self.database.reader)
        self.log.reload()
        self.publisher = Publisher(self.public, Log(self.database.reader), seal, VERIFIER)
        self.flavour = flavour

    def grow(self, count: int, flavour: str = "") -> None:
        first = self.log.head()[0]
        with self.database.writing() as connection:
            entries = [f"{self.flavour or flavour}{first + n}".encode() for n in range(count)]
            staged = self.log.stage(connection, entries)
        self.log.adopt(staged)
        self.publisher.publish()

    def close(self) -> None:
        self.publisher.close()
        self.database.close()


class House:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.logs: list[PublishedLog] = []
        self.log = self.another("log")
        self.folder = Folder(directory / "witness")
        self.witness_key: VerifierKey = self.folder.create(NAME)
        self.witness = self.look_at(self.log)

    def another(self, name: str) -> PublishedLog:
        self.logs.append(PublishedLog(self.directory / name))
        return self.logs[-1]

    def look_at(self, log: PublishedLog, **options: bool) -> Witness:
        key = parse_verifier_key(VERIFIER, LOG_KEY)
        return Witness(self.folder, FolderSource(log.public), key, **options)

    def cosigned(self) -> str:
        return (self.folder.path / "public" / "checkpoint").read_text("utf-8")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    for log in made.logs:
        log.close()
