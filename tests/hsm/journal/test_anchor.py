"""Anchors in time: kept only when they verify, asked for again when the authority is away."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hsm.database import Database
from hsm.journal.anchor import Anchoring, read_anchors, verify_anchors
from hsm.journal.checkpoint import checkpoint_body, format_note, verifier_key
from hsm.journal.errors import AnchorInvalid, AnchorUnavailable, JournalDamaged, ProofInvalid
from hsm.journal.log import Log
from hsm.journal.publish import Publisher
from hsm.journal.tables import journal_entry, journal_head, journal_tile
from hsm.journal.timestamp import verify_response
from hsm.schema import metadata

ORIGIN = "antin.example/journal"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VERIFIER = verifier_key(ORIGIN, PUBLIC)


def seal(size: int, root: bytes) -> str:
    body = checkpoint_body(ORIGIN, size, root)
    return format_note(body, ORIGIN, PUBLIC, KEY.sign(body.encode()))


class House:
    def __init__(self, directory: Path, devca: Any) -> None:
        directory.mkdir(exist_ok=True)
        self.public = directory / "public"
        self.database = Database(f"sqlite:///{directory / 'journal.sqlite3'}")
        with self.database.writing() as connection:
            metadata.create_all(connection, tables=[journal_entry, journal_tile, journal_head])
        self.log = Log(self.database.reader)
        self.log.reload()
        self.publisher = Publisher(self.public, Log(self.database.reader), seal, VERIFIER)
        self.devca = devca
        self.roots = x509.load_pem_x509_certificates(devca.root_pem.encode())

    def grow(self, count: int, flavour: str = "") -> None:
        first = self.log.head()[0]
        with self.database.writing() as connection:
            staged = self.log.stage(connection, [f"{flavour}{first + n}".encode() for n in range(count)])
        self.log.adopt(staged)
        self.publisher.publish()

    def anchoring(self, *urls: str, **options: Any) -> Anchoring:
        return Anchoring(self.public, VERIFIER, urls or (self.devca.tsa_url,), self.roots, **options)

    def kept(self) -> list[str]:
        folder = self.public / "anchors"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def close(self) -> None:
        self.publisher.close()
        self.database.close()


@pytest.fixture
def house(tmp_path: Path, devca: Any) -> Iterator[House]:
    made = House(tmp_path / "log", devca)
    made.grow(300)
    yield made
    made.close()


def test_an_anchored_journal_verifies(house: House) -> None:
    assert house.anchoring().anchor() == 300
    house.grow(300)
    assert house.anchoring().anchor() == 600
    anchors = verify_anchors(house.public, VERIFIER, house.roots)
    assert [anchor.checkpoint.size for anchor in anchors] == [300, 600]
    assert all(abs(anchor.timestamp.time - datetime.now(UTC)) < timedelta(minutes=1) for anchor in anchors)
    index = [json.loads(line) for line in (house.public / "anchors/index.jsonl").read_text().splitlines()]
    assert [line["size"] for line in index] == [300, 600]


def test_openssl_verifies_an_anchor_with_the_files_alone(house: House, tmp_path: Path) -> None:
    house.anchoring().anchor()
    roots = tmp_path / "roots.pem"
    roots.write_text(house.devca.root_pem)
    folder = house.public / "anchors"
    verified = subprocess.run(
        ["openssl", "ts", "-verify", "-data", folder / "300.checkpoint", "-in", folder / "300.tsr",
         "-CAfile", roots],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verification: OK" in verified.stdout + verified.stderr, verified.stderr


def test_what_did_not_change_is_anchored_once(house: House) -> None:
    house.anchoring().anchor()
    before = (house.public / "anchors/300.tsr").read_bytes()
    assert house.anchoring().anchor() == 300
    assert (house.public / "anchors/300.tsr").read_bytes() == before


@pytest.mark.parametrize(
    "fault", ["rejection", "wrong_nonce", "wrong_imprint", "bad_signature", "expired_certificate"]
)
def test_a_time_stamp_that_proves_nothing_is_not_kept(house: House, fault: str) -> None:
    house.devca.misbehave(tsa=fault)
    with pytest.raises(AnchorUnavailable):
        house.anchoring().anchor()
    assert not house.kept()
    house.devca.behave()
    assert house.anchoring().anchor() == 300


def test_an_authority_that_is_away_is_asked_again_and_another_one_meanwhile(house: House) -> None:
    away = "http://127.0.0.1:9/tsa"
    with pytest.raises(AnchorUnavailable) as caught:
        house.anchoring(away).anchor()
    assert "ConnectError" in caught.value.detail
    assert not house.kept()
    assert house.anchoring(away, house.devca.tsa_url).anchor() == 300


def test_an_authority_whose_clock_is_off_is_refused(house: House) -> None:
    late = house.anchoring(clock=lambda: datetime.now(UTC) - timedelta(minutes=6))
    with pytest.raises(AnchorUnavailable) as caught:
        late.anchor()
    assert "differ" in caught.value.detail


def test_an_authority_that_is_not_trusted_is_refused(house: House, devca_factory: Any) -> None:
    other = devca_factory()
    with pytest.raises(AnchorUnavailable) as caught:
        house.anchoring(other.tsa_url).anchor()
    assert "not one that is trusted" in caught.value.detail


def test_a_kill_between_the_files_is_made_good(house: House) -> None:
    house.anchoring().anchor()
    (house.public / "anchors/index.jsonl").unlink()
    assert house.anchoring().anchor() == 300
    assert len(verify_anchors(house.public, VERIFIER, house.roots)) == 1


def test_a_changed_anchor_does_not_verify(house: House) -> None:
    house.anchoring().anchor()
    file = house.public / "anchors/300.tsr"
    good = file.read_bytes()
    digest = hashlib.sha256((house.public / "anchors/300.checkpoint").read_bytes()).digest()
    for at in range(0, len(good), 7):
        bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        try:
            found = verify_response(bad, digest, house.roots)
        except AnchorInvalid:
            continue
        # What is not signed may differ (certificates that are not needed), but never what is said.
        assert found == verify_response(good, digest, house.roots)
    file.write_bytes(good[:-1])
    with pytest.raises(AnchorInvalid):
        verify_anchors(house.public, VERIFIER, house.roots)


def test_an_anchor_of_a_journal_that_was_replaced_convicts_it(house: House, tmp_path: Path) -> None:
    house.anchoring().anchor()
    other = House(tmp_path / "other", house.devca)
    other.grow(400, flavour="forged ")
    (house.public / "anchors").rename(other.public / "anchors")
    with pytest.raises(ProofInvalid):
        verify_anchors(other.public, VERIFIER, house.roots)
    other.close()


def test_an_anchor_of_a_journal_that_was_cut_convicts_it(house: House, tmp_path: Path) -> None:
    house.anchoring().anchor()
    other = House(tmp_path / "other", house.devca)
    other.grow(299)
    (house.public / "anchors").rename(other.public / "anchors")
    with pytest.raises((ProofInvalid, JournalDamaged)):
        verify_anchors(other.public, VERIFIER, house.roots)
    other.close()


def test_a_missing_anchor_file_is_told(house: House, tmp_path: Path) -> None:
    house.anchoring().anchor()
    (house.public / "anchors/300.tsr").unlink()
    with pytest.raises(AnchorInvalid, match="cannot be read"):
        verify_anchors(house.public, VERIFIER, house.roots)
    with pytest.raises(AnchorInvalid, match="no certificates"):
        read_anchors(tmp_path / "none.pem")
