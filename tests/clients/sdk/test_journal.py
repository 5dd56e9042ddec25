"""The offline check of a whole journal, and everything that somebody who owns its database could try."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from antin.journal import verify_export
from antin.receipt import ReceiptError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from hsm.journal.checkpoint import checkpoint_body, format_note, verifier_key
from hsm.journal.merkle import root_from_entries

ORIGIN = "antin.example/journal"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VERIFIER = verifier_key(ORIGIN, PUBLIC)
DIGEST = "ab" * 32


def intent(time: int = 100) -> dict[str, Any]:
    return {"type": "intent", "time": time}


def outcome(*items: dict[str, Any], time: int = 100) -> dict[str, Any]:
    return {"type": "outcome", "time": time, "intents": list(items)}


def signed(index: int) -> dict[str, Any]:
    return {"index": index, "signature": DIGEST}


def failed(index: int) -> dict[str, Any]:
    return {"index": index, "failed": "TokenUnavailable"}


JOURNAL = [
    intent(100),
    intent(101),
    outcome(signed(0), signed(1), time=102),
    intent(103),
    intent(104),
    outcome(failed(4), time=99),
    intent(105),
    {"type": "genesis"},
]


def entries_of(contents: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(content, separators=(",", ":"), sort_keys=True).encode() for content in contents]


def checkpoint_of(entries: list[bytes]) -> str:
    body = checkpoint_body(ORIGIN, len(entries), root_from_entries(entries))
    return format_note(body, ORIGIN, PUBLIC, KEY.sign(body.encode()))


def export(entries: list[bytes]) -> list[str]:
    return [
        json.dumps({"index": index, "entry": base64.b64encode(entry).decode()}) + "\n"
        for index, entry in enumerate(entries)
    ]


ENTRIES = entries_of(JOURNAL)
CHECKPOINT = checkpoint_of(ENTRIES)


def check(contents: list[dict[str, Any]]) -> None:
    entries = entries_of(contents)
    verify_export(export(entries), checkpoint_of(entries), VERIFIER)


def test_a_sound_journal_is_summed_up() -> None:
    summary = verify_export(export(ENTRIES), CHECKPOINT, VERIFIER)
    assert summary.size == 8
    assert (summary.intents, summary.outcomes, summary.others) == (5, 2, 1)
    assert (summary.signatures, summary.failures) == (2, 1)
    assert summary.unresolved == (3, 6)
    assert (summary.first_time, summary.last_time, summary.largest_step_back) == (100, 105, 5)


@given(st.integers(0, 300))
@settings(deadline=None, max_examples=25)
def test_a_journal_of_any_length_verifies(size: int) -> None:
    entries = entries_of([intent(n) for n in range(size)])
    summary = verify_export(export(entries), checkpoint_of(entries), VERIFIER)
    assert (summary.size, len(summary.unresolved)) == (size, size)


def test_what_comes_after_the_checkpoint_is_not_judged() -> None:
    lines = [*export(ENTRIES), "rubbish"]
    assert verify_export(iter(lines), CHECKPOINT, VERIFIER).size == 8


@given(st.data())
def test_no_flipped_bit_of_any_entry_goes_unnoticed(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(ENTRIES) - 1))
    bit = data.draw(st.integers(0, len(ENTRIES[at]) * 8 - 1))
    entry = bytearray(ENTRIES[at])
    entry[bit // 8] ^= 1 << bit % 8
    forged = [*ENTRIES[:at], bytes(entry), *ENTRIES[at + 1 :]]
    with pytest.raises(ReceiptError):
        verify_export(export(forged), CHECKPOINT, VERIFIER)


def _swap(entries: list[bytes]) -> list[str]:
    return export([entries[1], entries[0], *entries[2:]])


def _swap_lines(entries: list[bytes]) -> list[str]:
    lines = export(entries)
    return [lines[1], lines[0], *lines[2:]]


def _repeat(entries: list[bytes]) -> list[str]:
    lines = export(entries)
    return [lines[0], *lines]


@pytest.mark.parametrize(
    ("attack", "told"),
    [
        pytest.param(lambda entries: export(entries[:-1]), "ends at entry 7", id="last entry deleted"),
        pytest.param(lambda entries: export(entries[:3]), "ends at entry 3", id="truncated"),
        pytest.param(lambda _: [], "ends at entry 0", id="emptied"),
        pytest.param(
            lambda entries: export(entries[1:]), "is not an earlier", id="first entry deleted, renumbered"
        ),
        pytest.param(lambda entries: export(entries)[1:], "found index 1", id="first entry deleted"),
        pytest.param(
            lambda entries: export([*entries[:3], *entries[4:], entries[3]]), "is not an earlier", id="moved"
        ),
        pytest.param(_swap, "does not lead", id="reordered"),
        pytest.param(_swap_lines, "found index 1", id="lines reordered"),
        pytest.param(_repeat, "found index 0", id="entry repeated"),
        pytest.param(
            lambda entries: export([*entries[:-1], b'{"type":"forged"}']), "does not lead", id="last replaced"
        ),
    ],
)
def test_a_changed_journal_is_convicted(attack: Callable[[list[bytes]], list[str]], told: str) -> None:
    with pytest.raises(ReceiptError, match=told):
        verify_export(attack(ENTRIES), CHECKPOINT, VERIFIER)


def test_a_forked_journal_is_convicted_by_the_checkpoint_of_the_other() -> None:
    left, right = [*ENTRIES, *entries_of([intent(200)])], [*ENTRIES, *entries_of([intent(201)])]
    verify_export(export(left), checkpoint_of(left), VERIFIER)
    verify_export(export(right), checkpoint_of(right), VERIFIER)
    with pytest.raises(ReceiptError, match="does not lead"):
        verify_export(export(left), checkpoint_of(right), VERIFIER)


def test_a_journal_set_back_to_a_backup_is_convicted_by_a_newer_checkpoint() -> None:
    with pytest.raises(ReceiptError, match="ends at entry 5"):
        verify_export(export(ENTRIES[:5]), CHECKPOINT, VERIFIER)
    # Grown again to the old length, it is another journal.
    regrown = [*ENTRIES[:5], *entries_of([intent(), intent(), intent()])]
    with pytest.raises(ReceiptError, match="does not lead"):
        verify_export(export(regrown), CHECKPOINT, VERIFIER)


def test_a_checkpoint_that_the_journals_key_did_not_sign_is_refused() -> None:
    stranger = Ed25519PrivateKey.generate()
    body = checkpoint_body(ORIGIN, len(ENTRIES), root_from_entries(ENTRIES))
    with pytest.raises(ReceiptError, match="does not verify"):
        verify_export(
            export(ENTRIES), format_note(body, ORIGIN, PUBLIC, stranger.sign(body.encode())), VERIFIER
        )


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param([intent(), outcome(signed(0)), outcome(signed(0))], id="an intent's second outcome"),
        pytest.param([intent(), outcome(signed(0), failed(0))], id="twice in one outcome"),
        pytest.param([intent(), outcome(signed(1))], id="the outcome itself"),
        pytest.param([outcome(signed(1)), intent()], id="a later intent"),
        pytest.param([intent(), outcome(signed(0)), outcome(signed(1))], id="an outcome"),
        pytest.param([intent(), outcome(signed(-1))], id="a negative index"),
        pytest.param([intent(), outcome({"index": False, "signature": DIGEST})], id="false for zero"),
        pytest.param([intent(), outcome({"index": "0", "signature": DIGEST})], id="text for a number"),
        pytest.param([intent(), outcome({"index": 0})], id="neither signature nor failure"),
        pytest.param([intent(), outcome()], id="no intents"),
        pytest.param([intent(), {"type": "outcome", "intents": "0"}], id="no list"),
    ],
)
def test_an_outcome_belongs_to_one_earlier_intent(contents: list[dict[str, Any]]) -> None:
    with pytest.raises(ReceiptError, match="outcome"):
        check(contents)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "1",
        "{}",
        '{"index":"0","entry":""}',
        '{"index":0.0,"entry":""}',
        '{"index":false,"entry":""}',
        '{"index":0,"entry":1}',
        '{"index":0,"entry":"!"}',
        '{"index":0,"entry":"bm90IGpzb24="}',
    ],
)
def test_a_line_out_of_form_is_named(line: str) -> None:
    with pytest.raises(ReceiptError, match="Entry 0"):
        verify_export([line], CHECKPOINT, VERIFIER)
