"""Invariant 1: a signature never leaves the key process without an earlier durable journal entry.

The key process is killed (SIGKILL) at 200 random moments while clients sign. Whatever signature a
client ever received must be in the journal that survived, once.
"""

import base64
import hashlib
import json
import random
import threading
import time
from itertools import pairwise
from typing import Any

import pytest

from hsm.acts.act import ActItem, SignAct, new_act_id
from hsm.algorithms import SignatureAlgorithm
from hsm.client import HsmError, Item, KeyProcess
from hsm.journal.checkpoint import verify_checkpoint
from hsm.journal.merkle import verify_consistency
from tests.servers.key_process import RunningKeyProcess, activate, client_jws

KILLS = 200
CLIENTS = 3


class Signer(threading.Thread):
    """Signs without pause, retries nothing, and remembers every signature that reached it."""

    def __init__(self, target: str, credential_id: str, key: Any) -> None:
        super().__init__(daemon=True)
        self._target, self._credential_id, self._key = target, credential_id, key
        self.received: list[tuple[bytes, bytes, int]] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        client = KeyProcess(self._target, deadline=5)
        while not self.stopping.is_set():
            digests = [random.randbytes(32) for _ in range(random.randint(1, 3))]
            moment = int(time.time())
            act = SignAct(
                new_act_id(), "killer", self._credential_id, SignatureAlgorithm.ES256,
                tuple(ActItem(digest, "x", "dtbsr") for digest in digests), moment, moment + 300,
            ).encode()  # fmt: skip
            try:
                made = client.sign(
                    [Item(digest=d) for d in digests], act=act, approval=client_jws(act, self._key)
                )
            except HsmError:
                time.sleep(0.01)
                continue
            for digest, signed in zip(digests, made, strict=True):
                self.received.append((digest, signed.value, signed.leaf_index))
        client.close()


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_no_signature_is_outside_the_journal_after_200_kills(
    own_key_process: RunningKeyProcess, devca: Any
) -> None:
    process = own_key_process
    key = process.register_client("killer")
    credential_id = activate(
        process, process.create_credential("service-seal", "killer"), devca, "service-seal"
    )
    signers = [Signer(process.signsvc, credential_id, key) for _ in range(CLIENTS)]
    for signer in signers:
        signer.start()
    checkpoints = []
    for _ in range(KILLS):
        time.sleep(random.uniform(0.0, 0.25))
        process.kill()
        process.start()
        client = KeyProcess(process.admin)
        checkpoints.append(client.checkpoint().text)
        client.close()
    for signer in signers:
        signer.stopping.set()
        signer.join()
    received = [one for signer in signers for one in signer.received]
    assert len(received) > KILLS, "too few signatures to prove anything"
    _check_journal(process, received)
    _check_checkpoints(process, checkpoints)


def _check_journal(process: RunningKeyProcess, received: list[tuple[bytes, bytes, int]]) -> None:
    client = KeyProcess(process.admin)
    entries = []
    while page := list(client.export(len(entries), 10_000)):
        entries += [json.loads(entry) for _, entry in page]
    client.close()
    outcomes = {
        one["index"]: one for entry in entries if entry["type"] == "outcome" for one in entry["intents"]
    }
    for digest, value, leaf_index in received:
        intent = entries[leaf_index]
        assert intent["type"] == "intent"
        assert base64.b64decode(intent["tbs"]) == digest
        # An outcome may be missing (the kill came first), never wrong.
        outcome = outcomes.get(leaf_index)
        assert outcome is None or outcome["signature"] == hashlib.sha256(value).hexdigest()
    assert len({leaf for *_, leaf in received}) == len(received)


def _check_checkpoints(process: RunningKeyProcess, texts: list[str]) -> None:
    """Invariant 5: no checkpoint contradicts an earlier one."""
    client = KeyProcess(process.admin)
    checkpoints = [verify_checkpoint(text, process.verifier_key) for text in texts]
    for older, newer in pairwise(checkpoints):
        assert older.size <= newer.size
        if 0 < older.size < newer.size:
            proof = client.consistency(older.size, newer.size)
            verify_consistency(older.size, older.root, newer.size, newer.root, proof)
    client.close()
