"""The journal as static files: right, never rewritten, readable after a kill at any file."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from antin.journal import verify_export
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from hsm.database import Database
from hsm.errors import JournalError
from hsm.journal import durable_file
from hsm.journal.bundles import MAX_ENTRY, format_bundle, parse_bundle
from hsm.journal.checkpoint import checkpoint_body, format_note, verifier_key
from hsm.journal.errors import JournalDamaged, JournalRolledBack
from hsm.journal.log import Log
from hsm.journal.merkle import leaf_hash, root_from_entries
from hsm.journal.publish import Publisher
from hsm.journal.published import PublishedLog
from hsm.journal.tables import journal_entry, journal_head, journal_tile
from hsm.schema import metadata

ORIGIN = "antin.example/journal"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VERIFIER = verifier_key(ORIGIN, PUBLIC)


def seal(size: int, root: bytes) -> str:
    body = checkpoint_body(ORIGIN, size, root)
    return format_note(body, ORIGIN, PUBLIC, KEY.sign(body.encode()))


def entry(number: int) -> bytes:
    return json.dumps({"type": "intent", "time": number}).encode()


class House:
    def __init__(self, directory: Path) -> None:
        self.public = directory / "public"
        self.database = Database(f"sqlite:///{directory / 'journal.sqlite3'}")
        with self.database.writing() as connection:
            metadata.create_all(connection, tables=[journal_entry, journal_tile, journal_head])
        self.log = Log(self.database.reader)
        self.log.reload()
        self.publisher = self.new_publisher()

    def new_publisher(self) -> Publisher:
        return Publisher(self.public, Log(self.database.reader), seal, VERIFIER)

    def grow(self, count: int) -> None:
        first = self.log.head()[0]
        with self.database.writing() as connection:
            staged = self.log.stage(connection, [entry(first + n) for n in range(count)])
        self.log.adopt(staged)

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.public)): path.read_bytes()
            for path in self.public.rglob("*")
            if path.is_file() and ".lock" not in path.name
        }


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.publisher.close()
    made.database.close()


def verify(public: Path) -> int:
    """As a stranger would: the SDK's own verifier on what the files say, and every tile it needs."""
    published = PublishedLog(public, VERIFIER)
    entries = [one for index in published.bundles() for one in published.entries(index)]
    lines = [
        json.dumps({"index": index, "entry": base64.b64encode(one).decode()})
        for index, one in enumerate(entries)
    ]
    verify_export(lines, (public / "checkpoint").read_text(), VERIFIER)
    assert root_from_entries(entries) == published.checkpoint.root
    return len(entries)


def test_the_layout_is_that_of_tlog_tiles(house: House) -> None:
    house.grow(70_000)
    house.publisher.publish()
    files = house.files()
    # The example of c2sp.org/tlog-tiles: 273 full tiles and one of 112, one and one of 17, one of 1.
    level_0 = [name for name in files if name.startswith("tile/0/") and ".p/" not in name]
    assert len(level_0) == 273
    assert len(files["tile/0/273.p/112"]) == 112 * 32
    assert len(files["tile/1/000"]) == 8192
    assert len(files["tile/1/001.p/17"]) == 17 * 32
    assert len(files["tile/2/000.p/1"]) == 32
    assert "tile/entries/000" in files
    assert parse_bundle(files["tile/entries/273.p/112"])[-1] == entry(69_999)
    assert files["tile/0/000"][:32] == leaf_hash(entry(0))
    assert verify(house.public) == 70_000


@pytest.mark.parametrize("steps", [[1], [255, 1, 1], [256, 256], [300, 0, 5, 4096, 7], [5000, 1]])
def test_what_is_published_in_steps_verifies_at_every_step(house: House, steps: list[int]) -> None:
    total = 0
    for step in steps:
        house.grow(step)
        total += step
        assert house.publisher.publish() == total
        assert verify(house.public) == total


def test_an_empty_log_has_a_checkpoint(house: House) -> None:
    assert house.publisher.publish() == 0
    assert PublishedLog(house.public, VERIFIER).checkpoint.size == 0


def test_a_complete_tile_is_never_written_again(house: House) -> None:
    house.grow(600)
    house.publisher.publish()
    before = {name: (house.public / name).stat().st_ino for name in house.files() if ".p/" not in name}
    house.publisher.close()
    again = house.new_publisher()
    (house.public / "checkpoint").unlink()
    house.grow(600)
    again.publish()
    again.close()
    after = {name: (house.public / name).stat().st_ino for name in before}
    before.pop("checkpoint")
    after.pop("checkpoint")
    assert before == after
    assert verify(house.public) == 1200


def test_a_tile_that_somebody_changed_is_not_silently_repaired(house: House) -> None:
    house.grow(600)
    house.publisher.publish()
    house.publisher.close()
    (house.public / "tile/0/000").write_bytes(bytes(8192))
    (house.public / "checkpoint").unlink()
    with pytest.raises(JournalDamaged, match="never rewritten"):
        house.new_publisher().publish()


def test_an_older_reader_finds_the_complete_tile_for_its_partial_one(house: House, tmp_path: Path) -> None:
    house.grow(200)
    house.publisher.publish()
    old = PublishedLog(house.public, VERIFIER)
    house.grow(200)
    house.publisher.publish()
    assert not (house.public / "tile/0/000.p").exists()
    assert len(old.entries(0)) == 200
    PublishedLog(house.public, VERIFIER).check_contains(old.checkpoint)


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


@pytest.mark.parametrize("how", ["before the rename", "after the rename"])
def test_a_kill_between_any_two_files_leaves_a_readable_log(
    house: House, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    house.grow(250)
    house.publisher.publish()
    rename, sizes = Path.replace, {250}
    for deadly in range(1, 12):
        house.grow(131)
        count = 0

        def replace(self: Path, target: Any, deadly: int = deadly) -> Path:
            nonlocal count
            count += 1
            if count == deadly and how == "before the rename":
                raise Killed
            renamed = rename(self, target)
            if count == deadly:
                raise Killed
            return renamed

        monkeypatch.setattr(Path, "replace", replace)
        try:
            house.publisher.publish()
        except Killed:
            sizes.add(verify(house.public))
            house.publisher.close()
            house.publisher = house.new_publisher()
        monkeypatch.setattr(Path, "replace", rename)
        sizes.add(verify(house.public))
    assert house.publisher.publish() == verify(house.public) == 250 + 11 * 131
    assert len(sizes) > 3


def test_a_full_disk_leaves_a_readable_log_and_is_made_good(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.grow(300)
    house.publisher.publish()
    house.grow(300)
    monkeypatch.setattr(durable_file.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(JournalError, match="cannot be written"):
        house.publisher.publish()
    monkeypatch.undo()
    assert verify(house.public) == 300
    house.publisher.publish()
    assert verify(house.public) == 600


def test_a_checkpoint_that_the_log_does_not_contain_is_not_followed(house: House, tmp_path: Path) -> None:
    house.grow(10)
    house.publisher.publish()
    house.publisher.close()
    (tmp_path / "other").mkdir()
    other = House(tmp_path / "other")
    other.grow(9)
    with pytest.raises(JournalRolledBack):
        Publisher(house.public, Log(other.database.reader), seal, VERIFIER).open()
    other.log = Log(other.database.reader)
    other.log.reload()
    with other.database.writing() as connection:
        other.log.stage(connection, [b"{}"] * 5)
    with pytest.raises(JournalRolledBack):
        Publisher(house.public, Log(other.database.reader), seal, VERIFIER).open()
    other.database.close()


def test_a_changed_row_is_not_published(house: House) -> None:
    house.grow(10)
    house.publisher.publish()
    house.grow(10)
    with house.database.writer.begin() as connection:
        connection.execute(text("DROP TRIGGER journal_entry_no_update"))
        connection.execute(text("UPDATE journal_entry SET entry = x'7b7d' WHERE \"index\" = 15"))
    with pytest.raises(JournalDamaged, match="signed root"):
        house.publisher.publish()
    assert verify(house.public) == 10


def test_one_process_publishes_at_a_time_and_another_takes_over(house: House) -> None:
    house.grow(10)
    house.publisher.publish()
    second = house.new_publisher()
    assert not second.open()
    assert second.publish() == 0
    house.publisher.close()
    house.grow(10)
    assert second.publish() == 20
    second.close()


def test_a_folder_that_cannot_be_written_is_named(house: House) -> None:
    house.public.write_text("a file")
    with pytest.raises(JournalError, match="cannot be written"):
        house.publisher.publish()
    os.unlink(house.public)  # noqa: PTH108


@given(st.lists(st.binary(max_size=300), max_size=30))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    data = format_bundle(entries)
    assert parse_bundle(data) == entries
    if data:
        with pytest.raises(JournalDamaged):
            parse_bundle(data[:-1])


def test_a_bundle_takes_entries_up_to_its_limit() -> None:
    assert parse_bundle(format_bundle([b"x" * MAX_ENTRY])) == [b"x" * MAX_ENTRY]
    with pytest.raises(JournalDamaged):
        format_bundle([b"x" * (MAX_ENTRY + 1)])
