"""Receipts made by the key process's code, judged by the SDK's: two implementations of one standard."""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from antin.errors import ConfigError
from antin.receipt import ReceiptError, verify_checkpoint, verify_receipt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hsm.journal import merkle
from hsm.journal.checkpoint import checkpoint_body, format_note, verifier_key
from hsm.journal.receipt import format_proof
from hsm.journal.tiles import Edge

ORIGIN = "antin.example/journal"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VERIFIER = verifier_key(ORIGIN, PUBLIC)
SIGNATURE = b"the signature's bytes"
ENTRIES = [
    *(json.dumps({"type": "intent", "time": 1, "position": n}).encode() for n in range(6)),
    json.dumps(
        {
            "type": "outcome",
            "time": 1,
            "intents": [{"index": 0, "signature": hashlib.sha256(SIGNATURE).hexdigest()}],
        }
    ).encode(),
]


def signed(body: str) -> str:
    return format_note(body, ORIGIN, PUBLIC, KEY.sign(body.encode()))


def receipt_of(index: int, entries: list[bytes] = ENTRIES) -> dict[str, str]:
    grown = Edge().append(entries)
    note = signed(checkpoint_body(ORIGIN, len(entries), grown.edge.root()))
    proof = merkle.inclusion_proof(index, len(entries), lambda height, at: grown.nodes[height, at])
    return {
        "entry": base64.b64encode(entries[index]).decode(),
        "proof": format_proof(index, proof, note),
    }


RECEIPT = receipt_of(3)


@pytest.mark.parametrize("size", range(1, len(ENTRIES) + 1))
def test_every_receipt_verifies(size: int) -> None:
    for index in range(size):
        verified = verify_receipt(receipt_of(index, ENTRIES[:size]), VERIFIER)
        assert (verified.index, verified.size) == (index, size)
        assert verified.entry == json.loads(ENTRIES[index])


@given(st.integers(0, len(RECEIPT["proof"]) - 1), st.characters(codec="utf-8"))
def test_no_changed_character_of_a_proof_goes_unnoticed(at: int, character: str) -> None:
    forged = RECEIPT["proof"][:at] + character + RECEIPT["proof"][at + 1 :]
    if forged == RECEIPT["proof"]:
        return
    with pytest.raises(ReceiptError):
        verify_receipt(RECEIPT | {"proof": forged}, VERIFIER)


@given(st.integers(0, len(ENTRIES[3]) * 8 - 1))
def test_no_flipped_bit_of_an_entry_goes_unnoticed(bit: int) -> None:
    entry = bytearray(ENTRIES[3])
    entry[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ReceiptError, match="not in the journal"):
        verify_receipt(RECEIPT | {"entry": base64.b64encode(entry).decode()}, VERIFIER)


def test_another_entrys_proof_does_not_fit() -> None:
    with pytest.raises(ReceiptError, match="not in the journal"):
        verify_receipt(RECEIPT | {"proof": receipt_of(2)["proof"]}, VERIFIER)


def test_another_journals_key_does_not_fit() -> None:
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    for key in (verifier_key(ORIGIN, other), verifier_key("another/journal", PUBLIC)):
        with pytest.raises(ReceiptError, match="not signed, once, by this journal's key"):
            verify_receipt(RECEIPT, key)


@pytest.mark.parametrize(
    "key",
    ["", "a+b+c", VERIFIER + "A", VERIFIER.replace("+", "-"), VERIFIER.replace(ORIGIN, "x"), "x\udc80+0+AA"],
)
def test_a_damaged_verifier_key_is_a_fault_of_the_configuration(key: str) -> None:
    with pytest.raises(ConfigError):
        verify_receipt(RECEIPT, key)


def test_an_outcomes_receipt_names_its_signature() -> None:
    receipt = receipt_of(6)
    assert verify_receipt(receipt, VERIFIER, SIGNATURE).entry["type"] == "outcome"
    with pytest.raises(ReceiptError, match="another signature"):
        verify_receipt(receipt, VERIFIER, SIGNATURE + b"x")


def test_an_intents_receipt_cannot_name_a_signature() -> None:
    with pytest.raises(ReceiptError, match="written before signing"):
        verify_receipt(RECEIPT, VERIFIER, SIGNATURE)


@pytest.mark.parametrize(
    "receipt",
    [
        {},
        {"entry": 1, "proof": 2},
        RECEIPT | {"entry": "!"},
        RECEIPT | {"entry": RECEIPT["entry"] + "\n"},
        RECEIPT | {"proof": ""},
        RECEIPT | {"proof": "x" * 300_000},
        RECEIPT | {"proof": RECEIPT["proof"].replace("index 3", "index 03")},
        RECEIPT | {"proof": RECEIPT["proof"].replace("index 3", "index 99")},
        RECEIPT | {"proof": RECEIPT["proof"].replace("index 3\n", "")},
        RECEIPT | {"proof": RECEIPT["proof"].replace("index 3\n", f"index 3\n{'A' * 43}=\n")},
        RECEIPT | {"proof": RECEIPT["proof"] + "\udc80"},
    ],
)
def test_a_receipt_out_of_form_is_refused(receipt: dict[str, str]) -> None:
    with pytest.raises(ReceiptError):
        verify_receipt(receipt, VERIFIER)


@pytest.mark.parametrize(
    "entry", [b"not json", b"[1]", b'{"type":"a","type":"b"}', b'{"time":NaN}', b"\xff", b"[" * 100_000]
)
def test_an_entry_that_is_not_plain_json_is_refused(entry: bytes) -> None:
    with pytest.raises(ReceiptError):
        verify_receipt(receipt_of(0, [entry]), VERIFIER)


def test_a_signed_body_that_is_no_checkpoint_is_refused() -> None:
    root = base64.b64encode(bytes(32)).decode()
    for body in (
        f"{ORIGIN}\n01\n{root}\n",
        f"{ORIGIN}\n1\nAAAA\n",
        f"other\n1\n{root}\n",
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n1\n{root}\n\nx\n",
    ):
        with pytest.raises(ReceiptError):
            verify_checkpoint(signed(body), VERIFIER)


def test_witnesses_and_extension_lines_are_ignored() -> None:
    body = checkpoint_body(ORIGIN, 5, bytes(32)) + "an extension\n"
    witness = f"— witness.example {base64.b64encode(bytes(76)).decode()}\n"
    assert verify_checkpoint(signed(body) + witness, VERIFIER).size == 5


def test_the_verifiers_need_the_standard_library_only(tmp_path: Path) -> None:
    import antin.errors  # noqa: PLC0415 -- where the files are

    source = Path(antin.errors.__file__).parent
    (tmp_path / "antin").mkdir()
    for name in ("ed25519.py", "receipt.py", "journal.py", "errors.py"):
        shutil.copy(source / name, tmp_path / "antin" / name)
    # -S: without site-packages; -I: without the environment.
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import antin.journal, antin.receipt"
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True)
