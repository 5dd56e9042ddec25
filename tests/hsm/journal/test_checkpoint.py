"""Checkpoints in signed notes: the specifications' own examples, and what a forger might send."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hsm.journal.checkpoint import (
    Checkpoint,
    checkpoint_body,
    format_note,
    parse_body,
    parse_verifier_key,
    verifier_key,
    verify_checkpoint,
)
from hsm.journal.errors import CheckpointInvalid

ORIGIN = "antin.example/journal"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VERIFIER = verifier_key(ORIGIN, PUBLIC)
ROOT = bytes(range(100, 132))


def signed(body: str, *, name: str = ORIGIN, key: Ed25519PrivateKey = KEY) -> str:
    return format_note(body, name, key.public_key().public_bytes_raw(), key.sign(body.encode()))


NOTE = signed(checkpoint_body(ORIGIN, 42, ROOT))
SIGNATURE_LINE = NOTE.rpartition("\n\n")[2]


def test_a_checkpoint_verifies() -> None:
    assert verify_checkpoint(NOTE, VERIFIER) == Checkpoint(ORIGIN, 42, ROOT)


def test_the_note_of_the_go_implementation_verifies() -> None:
    # golang.org/x/mod/sumdb/note, the package's example.
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert str(parse_verifier_key(key)) == key
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZ"
        "SNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    # The signature passes; it is just not a checkpoint.
    with pytest.raises(CheckpointInvalid, match=r"lines|decimal"):
        verify_checkpoint(note, key)
    with pytest.raises(CheckpointInvalid, match="does not verify"):
        verify_checkpoint(note.replace("answer", "Answer"), key)


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_no_changed_character_goes_unnoticed(at: int, character: str) -> None:
    forged = NOTE[:at] + character + NOTE[at + 1 :]
    if forged == NOTE:
        return
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(forged, VERIFIER)


def test_signatures_by_unknown_keys_are_ignored() -> None:
    stranger = Ed25519PrivateKey.generate()
    body = checkpoint_body(ORIGIN, 42, ROOT)
    # The same name with another key; another name with our key id; a witness with another algorithm.
    same_name = signed(body, key=stranger).rpartition("\n\n")[2]
    key_id = parse_verifier_key(VERIFIER).key_id()
    same_id = f"— somebody.else {base64.b64encode(key_id + bytes(64)).decode()}\n"
    witness = f"— witness.example {base64.b64encode(bytes(3000)).decode()}\n"
    note = f"{body}\n{same_name}{same_id}{SIGNATURE_LINE}{witness}"
    assert verify_checkpoint(note, VERIFIER).size == 42
    with pytest.raises(CheckpointInvalid, match="not signed by this log"):
        verify_checkpoint(f"{body}\n{same_name}{same_id}{witness}", VERIFIER)


def test_sixteen_witnesses_are_accepted() -> None:
    lines = "".join(f"— witness{n} {base64.b64encode(bytes(76)).decode()}\n" for n in range(16))
    assert verify_checkpoint(NOTE + lines, VERIFIER).size == 42


def test_a_line_of_ours_that_fails_spoils_the_note() -> None:
    key_id = parse_verifier_key(VERIFIER).key_id()
    bad = f"— {ORIGIN} {base64.b64encode(key_id + bytes(64)).decode()}\n"
    for note in (NOTE + bad, NOTE + SIGNATURE_LINE):
        with pytest.raises(CheckpointInvalid, match="signed twice"):
            verify_checkpoint(note, VERIFIER)


def test_a_checkpoint_of_another_log_under_our_key_is_refused() -> None:
    with pytest.raises(CheckpointInvalid, match="another log"):
        verify_checkpoint(signed(checkpoint_body("other.example/log", 42, ROOT)), VERIFIER)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        NOTE.partition("\n\n")[0] + "\n",
        NOTE.removesuffix("\n"),
        NOTE + "\n",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—"),
        NOTE.replace("— ", "— ", 1) + "— \n",
        NOTE + f"— {ORIGIN}\n",
        NOTE + "— a+b AAAAAAAA\n",
        NOTE + "— a\u00a0b AAAAAAAA\n",
        NOTE + "— a AAAA\n",
        NOTE + "— a AAAAAAB=\n",
        NOTE + "— a ====\n",
        "\x00" + NOTE,
        NOTE + "— a\udc80 AAAAAAAA\n",
        NOTE + "— a AAAAAAAA\n" * 100,
        "x" * 200_000,
    ],
)
def test_a_note_out_of_form_is_refused(note: str) -> None:
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(note, VERIFIER)


@pytest.mark.parametrize("size", ["042", "-1", "+1", "", "4 2", "٤٢", "0x2a", "1" * 30])
def test_a_size_has_one_spelling(size: str) -> None:
    body = checkpoint_body(ORIGIN, 42, ROOT).replace("\n42\n", f"\n{size}\n")
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(signed(body), VERIFIER)


@pytest.mark.parametrize("root", [ROOT[:31], ROOT + b"\x00", b""])
def test_a_root_is_thirty_two_bytes(root: bytes) -> None:
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(signed(checkpoint_body(ORIGIN, 42, root)), VERIFIER)


def test_extension_lines_are_allowed_but_not_empty_ones() -> None:
    body = checkpoint_body(ORIGIN, 42, ROOT)
    assert verify_checkpoint(signed(body + "extension\n"), VERIFIER).size == 42
    with pytest.raises(CheckpointInvalid):
        parse_body(body + "\nextension\n")
    with pytest.raises(CheckpointInvalid):
        parse_body(body.removesuffix("\n"))


def test_an_empty_log_has_a_checkpoint() -> None:
    assert verify_checkpoint(signed(checkpoint_body(ORIGIN, 0, ROOT)), VERIFIER).size == 0


def test_a_verifier_key_reads_back() -> None:
    key = parse_verifier_key(VERIFIER)
    assert (key.name, key.public_key) == (ORIGIN, PUBLIC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        VERIFIER.replace("+", "-"),
        VERIFIER.replace(ORIGIN, "other"),
        VERIFIER.replace(ORIGIN, "two words"),
        VERIFIER + "A",
        VERIFIER.upper(),
        "name+00000000+" + base64.b64encode(b"\x02" + PUBLIC).decode(),
        "name+00000000+" + base64.b64encode(b"\x01" + PUBLIC[1:]).decode(),
    ],
)
def test_a_damaged_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(CheckpointInvalid):
        parse_verifier_key(text)


def test_a_name_that_no_note_can_carry_is_refused() -> None:
    with pytest.raises(CheckpointInvalid):
        verifier_key("two words", PUBLIC)
