"""A signature's states: what is written survives, and only the newest claim writes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from signsvc.errors import LeaseLost
from signsvc.store.database import Database
from signsvc.store.files import new_id
from signsvc.store.signatures import Signatures, State, StoredSignature

NOW = 1_800_000_000
OPEN = (State.AWAITING_APPROVAL, State.SIGNING)


def a_signature(**changes: object) -> StoredSignature:
    base = StoredSignature(
        id=new_id(),
        client_id="motcua",
        document_id=new_id(),
        state=State.AWAITING_APPROVAL,
        name="quyết-định.pdf",
        credential_id="con-dau",
        level="B-T",
        on_unavailable="wait",
        act=b'{"type":"sign"}',
        base_sha256="00" * 32,
        prepared={"size": 3},
        created_at=NOW,
        approve_until=NOW + 900,
        expires_at=NOW + 1000,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture
def signatures(database: Database) -> Signatures:
    return Signatures(database)


def test_what_was_added_is_found_by_its_client_only(signatures: Signatures) -> None:
    stored = a_signature()
    assert signatures.add(stored)
    assert signatures.find("motcua", stored.id) == stored
    assert signatures.find("another", stored.id) is None


def test_a_resume_key_belongs_to_one_signature(signatures: Signatures) -> None:
    first = a_signature(resume_key="k" * 64)
    assert signatures.add(first)
    assert not signatures.add(a_signature(resume_key="k" * 64))
    assert signatures.find_resumable("motcua", "k" * 64) == first
    assert signatures.find_resumable("another", "k" * 64) is None


def test_only_one_of_many_claims_at_once_succeeds(signatures: Signatures) -> None:
    stored = a_signature()
    signatures.add(stored)
    with ThreadPoolExecutor(8) as pool:
        claims = list(
            pool.map(
                lambda _: signatures.claim(stored.id, OPEN, now=NOW, lease=60, into=State.SIGNING), range(16)
            )
        )
    held = [claim for claim in claims if claim is not None]
    assert len(held) == 1
    assert (held[0].state, held[0].fence) == (State.SIGNING, 1)


def test_a_claim_does_not_take_what_stands_in_another_state(signatures: Signatures) -> None:
    stored = a_signature(state=State.COMPLETED)
    signatures.add(stored)
    assert signatures.claim(stored.id, OPEN, now=NOW, lease=60) is None


def test_a_lease_that_ended_is_taken_over_and_the_former_holder_writes_nothing(
    signatures: Signatures,
) -> None:
    stored = a_signature()
    signatures.add(stored)
    paused = signatures.claim(stored.id, OPEN, now=NOW, lease=60)
    later = signatures.claim(stored.id, OPEN, now=NOW + 61, lease=60)
    assert paused is not None
    assert later is not None
    assert later.fence > paused.fence
    with pytest.raises(LeaseLost):
        signatures.advance(stored.id, paused.fence, state=State.COMPLETED)
    signatures.advance(stored.id, later.fence, state=State.SIGNED, signature_value=b"s")
    found = signatures.find("motcua", stored.id)
    assert found is not None
    assert (found.state, found.signature_value) == (State.SIGNED, b"s")


def test_workers_at_once_get_different_jobs(signatures: Signatures) -> None:
    for _ in range(6):
        signatures.add(a_signature(state=State.WAITING, next_attempt_at=NOW))
    with ThreadPoolExecutor(6) as pool:
        claimed = list(pool.map(lambda _: signatures.claim_due(now=NOW, lease=60), range(12)))
    ids = [one.id for one in claimed if one is not None]
    assert len(ids) == len(set(ids))
    while (one := signatures.claim_due(now=NOW, lease=60)) is not None:
        ids.append(one.id)
    assert len(ids) == len(set(ids)) == 6


def test_a_job_is_not_due_before_its_time_and_not_while_it_is_leased(signatures: Signatures) -> None:
    signatures.add(a_signature(state=State.WAITING, next_attempt_at=NOW + 10))
    assert signatures.claim_due(now=NOW + 9, lease=60) is None
    assert signatures.claim_due(now=NOW + 10, lease=60) is not None
    assert signatures.claim_due(now=NOW + 11, lease=60) is None
    assert signatures.claim_due(now=NOW + 71, lease=60) is not None


def test_a_signed_one_whose_process_died_is_taken_up_only_when_it_may_wait(signatures: Signatures) -> None:
    signatures.add(a_signature(state=State.SIGNED, on_unavailable="fail"))
    waits = a_signature(state=State.SIGNED, on_unavailable="wait")
    signatures.add(waits)
    claimed = signatures.claim_due(now=NOW, lease=60)
    assert claimed is not None
    assert claimed.id == waits.id
    assert signatures.claim_due(now=NOW, lease=60) is None


def test_what_is_expired_is_listed_unless_somebody_works_on_it(signatures: Signatures) -> None:
    stored = a_signature()
    signatures.add(stored)
    assert signatures.expired(NOW + 999) == []
    signatures.claim(stored.id, OPEN, now=NOW + 990, lease=60)
    assert signatures.expired(NOW + 1000) == []
    assert signatures.expired(NOW + 1051) == [stored.id]
    signatures.remove(stored.id)
    assert not signatures.exists(stored.id)
