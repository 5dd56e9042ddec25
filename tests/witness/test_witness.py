"""A witness cosigns a log that only grows, and nothing else: forks, rollbacks, rewritten files, clocks."""

import base64
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from antin.receipt import verify_checkpoint as sdk_verify_checkpoint
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from witness import folder as folder_module
from witness.errors import (
    ClockWentBack,
    FolderUnusable,
    LogDamaged,
    LogMisbehaved,
    LogUnavailable,
    LogWentBack,
    NoteInvalid,
)
from witness.note import COSIGNER_KEY, LOG_KEY, parse_verifier_key, verify_cosignature
from witness.tree import Growing, covering, leaf_hash

from hsm.journal.checkpoint import verifier_key
from hsm.journal.checkpoint import verify_checkpoint as log_verify_checkpoint
from hsm.journal.merkle import root_from_entries
from tests.witness.conftest import KEY, ORIGIN, VERIFIER, House, seal

NOW = 1_795_000_000


@pytest.mark.parametrize("steps", [[1], [5, 300, 1], [256, 256, 88], [600, 0, 600], [70_000, 3]])
def test_a_log_that_grows_is_cosigned_at_every_step(house: House, steps: list[int]) -> None:
    total = 0
    for number, step in enumerate(steps):
        house.log.grow(step)
        total += step
        seen = house.witness.observe(now=NOW + number)
        assert (seen.checkpoint.size, seen.grown) == (total, step)
        assert verify_cosignature(house.cosigned(), house.witness_key) == NOW + number


def test_a_cosigned_checkpoint_still_is_the_logs_checkpoint(house: House) -> None:
    house.log.grow(9)
    house.witness.observe(now=NOW)
    # The key process's verifier and the SDK's skip the witness's line, as signed-note asks.
    assert log_verify_checkpoint(house.cosigned(), VERIFIER).size == 9
    assert sdk_verify_checkpoint(house.cosigned(), VERIFIER).size == 9


def test_the_cosignature_is_that_of_the_specification(house: House) -> None:
    house.log.grow(9)
    house.witness.observe(now=NOW)
    body, lines = house.cosigned().split("\n\n")
    name, encoded = lines.rstrip("\n").split("\n")[-1].removeprefix("— ").split(" ")
    raw = base64.b64decode(encoded)
    key = house.witness_key.public_key
    assert raw[:4] == hashlib.sha256(name.encode() + b"\n\x04" + key).digest()[:4]
    assert int.from_bytes(raw[4:12], "big") == NOW
    message = f"cosignature/v1\ntime {NOW}\n{body}\n".encode()
    Ed25519PublicKey.from_public_bytes(key).verify(raw[12:], message)


def test_a_fork_is_refused_and_its_proof_is_kept(house: House) -> None:
    house.log.grow(300)
    house.witness.observe(now=NOW)
    fork = house.another("fork")
    fork.grow(299)
    fork.grow(5, flavour="forged ")
    with pytest.raises(LogMisbehaved, match="no longer contains its first 300"):
        house.look_at(fork).observe(now=NOW + 1)
    notes = [path.read_text() for path in sorted((house.folder.path / "evidence").rglob("checkpoint-*"))]
    heads = [log_verify_checkpoint(note, VERIFIER) for note in notes]
    assert [head.size for head in heads] == [300, 304]
    # It goes on with the log that it knows.
    house.log.grow(1)
    assert house.witness.observe(now=NOW + 2).checkpoint.size == 301


def test_another_root_at_the_same_size_is_refused_and_kept(house: House) -> None:
    house.log.grow(300)
    house.witness.observe(now=NOW)
    fork = house.another("fork")
    fork.grow(300, flavour="forged ")
    with pytest.raises(LogMisbehaved, match="two different trees of 300"):
        house.look_at(fork).observe(now=NOW + 1)
    assert len(list((house.folder.path / "evidence").rglob("checkpoint-*"))) == 2


@pytest.mark.parametrize("size", [0, 1, 255, 299])
def test_a_rolled_back_log_is_refused(house: House, size: int) -> None:
    house.log.grow(300)
    house.witness.observe(now=NOW)
    before = house.cosigned()
    old = house.another("old")
    old.grow(size)
    with pytest.raises(LogWentBack):
        house.look_at(old).observe(now=NOW + 1)
    assert house.cosigned() == before


@pytest.mark.parametrize("entry", [0, 255, 256, 599])
def test_a_rewritten_entry_is_refused(house: House, entry: int) -> None:
    house.log.grow(600)
    bundle, at = divmod(entry, 256)
    path = next((house.log.public / "tile" / "entries").glob(f"00{bundle}*"))
    path = path if path.is_file() else path / "88"
    data = bytearray(path.read_bytes())
    position = 0
    for _ in range(at):
        position += 2 + int.from_bytes(data[position : position + 2], "big")
    data[position + 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(LogDamaged, match=f"Entry {entry} "):
        house.witness.observe(now=NOW)
    assert not (house.folder.path / "public").exists()


@pytest.mark.parametrize("path", ["tile/0/000", "tile/1/000.p/2", "tile/0/002.p/88"])
@pytest.mark.parametrize("damage", ["truncated", "changed", "missing", "too long"])
def test_a_damaged_tile_is_refused(house: House, path: str, damage: str) -> None:
    house.log.grow(600)
    file = house.log.public / path
    data = file.read_bytes()
    match damage:
        case "truncated":
            file.write_bytes(data[:-1])
        case "changed":
            file.write_bytes(bytes([data[0] ^ 1]) + data[1:])
        case "missing":
            file.unlink()
        case "too long":
            file.write_bytes(data + bytes(8192))
    with pytest.raises(LogDamaged):
        house.witness.observe(now=NOW)


@pytest.mark.parametrize("keep", [1, 2, 3, 100])
def test_a_truncated_bundle_is_refused(house: House, keep: int) -> None:
    house.log.grow(200)
    file = house.log.public / "tile/entries/000.p/200"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(LogDamaged):
        house.witness.observe(now=NOW)


def test_with_hashes_only_an_entry_is_not_read_but_a_fork_is_still_seen(house: House) -> None:
    house.log.grow(300)
    shutil.rmtree(house.log.public / "tile" / "entries")
    house.look_at(house.log, entries=False).observe(now=NOW)
    fork = house.another("fork")
    fork.grow(301, flavour="forged ")
    with pytest.raises(LogMisbehaved):
        house.look_at(fork, entries=False).observe(now=NOW + 1)


def test_a_checkpoint_of_another_origin_is_refused(house: House) -> None:
    house.log.grow(3)
    note = seal(*house.log.log.head(), origin="antin.example/other")
    (house.log.public / "checkpoint").write_text(note)
    with pytest.raises(NoteInvalid):
        house.witness.observe(now=NOW)


def test_the_logs_key_under_another_origin_line_is_refused(house: House) -> None:
    house.log.grow(3)
    size, root = house.log.log.head()
    body = seal(size, root, origin="antin.example/other").split("\n\n")[0] + "\n"
    key = parse_verifier_key(VERIFIER, LOG_KEY)
    line = base64.b64encode(key.key_id + KEY.sign(body.encode())).decode()
    (house.log.public / "checkpoint").write_text(f"{body}\n— {ORIGIN} {line}\n")
    with pytest.raises(NoteInvalid, match="another log"):
        house.witness.observe(now=NOW)


def test_a_checkpoint_by_another_key_is_refused(house: House) -> None:
    house.log.grow(3)
    note = seal(*house.log.log.head(), key=Ed25519PrivateKey.generate())
    (house.log.public / "checkpoint").write_text(note)
    with pytest.raises(NoteInvalid):
        house.witness.observe(now=NOW)


def test_a_clock_that_went_back_stops_cosigning(house: House) -> None:
    house.log.grow(3)
    house.witness.observe(now=NOW)
    house.log.grow(3)
    with pytest.raises(ClockWentBack):
        house.witness.observe(now=NOW - 1)
    assert house.witness.observe(now=NOW).checkpoint.size == 6


def test_nothing_is_cosigned_that_is_not_remembered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.log.grow(3)
    house.witness.observe(now=NOW)
    before = house.cosigned()
    house.log.grow(3)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder_module.os, "fsync", full)
    with pytest.raises(FolderUnusable):
        house.witness.observe(now=NOW + 1)
    monkeypatch.undo()
    assert house.cosigned() == before


def test_what_was_remembered_before_a_crash_binds_after_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.log.grow(300)

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(house.folder, "publish", crash)
    with pytest.raises(KeyboardInterrupt):
        house.witness.observe(now=NOW)
    monkeypatch.undo()
    fork = house.another("fork")
    fork.grow(300, flavour="forged ")
    with pytest.raises(LogMisbehaved):
        house.look_at(fork).observe(now=NOW)


def test_a_damaged_memory_is_not_taken_for_a_new_witness(house: House) -> None:
    house.log.grow(3)
    house.witness.observe(now=NOW)
    (house.folder.path / "last.json").write_text("{")
    with pytest.raises(FolderUnusable, match="damaged"):
        house.witness.observe(now=NOW)


def test_a_log_without_a_checkpoint_is_unavailable(house: House) -> None:
    with pytest.raises(LogUnavailable):
        house.witness.observe(now=NOW)


def test_the_key_is_for_its_owner_only_and_never_replaced(house: House) -> None:
    key = house.folder.path / "key.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FolderUnusable, match="keeps its key"):
        house.folder.create("other.example")


def test_two_witnesses_in_one_folder_do_not_race(house: House) -> None:
    house.log.grow(3)
    with house.folder.alone(), pytest.raises(FolderUnusable, match="at work"):
        house.witness.observe(now=NOW)


def test_an_unchanged_log_is_cosigned_anew_after_a_while_only(house: House) -> None:
    house.log.grow(3)
    house.witness._refresh = 60
    house.witness.observe(now=NOW)
    house.witness.observe(now=NOW + 59)
    assert verify_cosignature(house.cosigned(), house.witness_key) == NOW
    house.witness.observe(now=NOW + 60)
    assert verify_cosignature(house.cosigned(), house.witness_key) == NOW + 60


def test_a_logs_key_is_not_taken_for_a_witnesss(house: House) -> None:
    with pytest.raises(NoteInvalid, match="another kind"):
        parse_verifier_key(VERIFIER, COSIGNER_KEY)
    with pytest.raises(NoteInvalid, match="another kind"):
        parse_verifier_key(str(house.witness_key), LOG_KEY)
    assert parse_verifier_key(verifier_key(ORIGIN, bytes(32)), LOG_KEY).name == ORIGIN


@given(st.integers(0, 600), st.integers(0, 600))
def test_a_tree_grown_in_two_parts_is_the_same_tree(first: int, second: int) -> None:
    entries = [str(number).encode() for number in range(first + second)]
    tree = Growing()
    for start, end in ((0, first), (first, first + second)):
        for height, index in covering(start, end):
            subtree = Growing()
            for entry in entries[index << height : (index + 1) << height]:
                subtree.add(0, leaf_hash(entry))
            tree.add(height, subtree.root())
    assert tree.size == len(entries)
    assert tree.root() == root_from_entries(entries)


def test_the_memory_is_a_file_that_says_what_was_accepted(house: House) -> None:
    house.log.grow(3)
    house.witness.observe(now=NOW)
    remembered = json.loads((house.folder.path / "last.json").read_text("utf-8"))
    assert log_verify_checkpoint(remembered["note"], VERIFIER).size == 3
    assert os.listdir(house.folder.path / "public") == ["checkpoint"]  # noqa: PTH208
    assert isinstance(house.folder.path, Path)
