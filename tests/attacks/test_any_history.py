"""Any history of a key process: what clients hold afterwards is what its journal says, and no more.

A state machine over a real key process on a SoftHSM token: it authorizes, signs at once and by SADs,
extends them, repeats what it did, suspends and resumes the credential, is stopped, is killed (SIGKILL)
while calls are under way, and has acts of other times put before it. At the end of each history it signs
once more, either way, and the journal is read from outside, with what clients received and nothing else:

* no signature outside the journal (invariant 1), and the receipts of its intents prove;
* no grant used twice: one signature an approved position, for its digest, by its credential (2);
* every signature that was returned verifies with the certificate's key;
* nothing that was refused left an intent, and no checkpoint contradicts an earlier one (5, 6).
"""

import base64
import hashlib
import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hsm.acts.act import SignAct, act_digest
from hsm.client import ActRefused, Approval, HsmError, KeyProcess, Signed
from hsm.journal.checkpoint import verify_checkpoint
from hsm.journal.merkle import verify_consistency
from hsm.journal.receipt import verify_proof
from tests.attacks.scene import CLIENT, Scene, bare, digests

EXAMPLES, STEPS = 12, 40
# Of an act with one to three items; the newest SAD is the likeliest.
CHOICES = ([0], [0], [1], [0, 1], [2, 0], [0, 0], [3], [])
RESTARTS = 1  # in one history: each costs a second or two


@dataclass
class Approved:
    """An act, the approval that its client made of it, the SADs it has had."""

    act: SignAct
    approval: Approval
    sads: list[str] = field(default_factory=list)
    received: dict[int, list[Signed]] = field(default_factory=dict)

    def keep(self, positions: list[int], signed: list[Signed]) -> None:
        for position, one in zip(positions, signed, strict=True):
            self.received.setdefault(position, []).append(one)


def histories(scene: Scene) -> type[RuleBasedStateMachine]:
    """The machine over this key process; a credential of its own for each history."""
    certificate_of: dict[str, Any] = {}

    class History(RuleBasedStateMachine):
        acts: Bundle[Approved] = Bundle("acts")
        granted: Bundle[Approved] = Bundle("granted")

        @initialize(target=acts)
        def begin(self) -> Any:
            self.credential_id = scene.certified("service-seal", CLIENT)
            der = scene.admin.credential(self.credential_id).certificates[0]
            certificate_of[self.credential_id] = x509.load_der_x509_certificate(der).public_key()
            self.everything: list[Approved] = []
            self.suspended, self.restarts = False, 0
            self.start = scene.admin.checkpoint().text
            self.size = int(self.start.splitlines()[1])
            return multiple(*(self._approve(count, same=False) for count in (1, 2, 3)))

        @rule(target=acts, count=st.integers(1, 3), same=st.booleans())
        def approve(self, count: int, same: bool) -> Approved:
            return self._approve(count, same=same)

        def _approve(self, count: int, *, same: bool) -> Approved:
            items = [bare("same" if same else str(number)) for number in range(count)]
            act = scene.act(*items, credential_id=self.credential_id)
            made = Approved(act, scene.by_client(act))
            self.everything.append(made)
            return made

        @rule(target=acts, seconds=st.sampled_from([-86_400, -301, 600, 86_400]))
        def approve_at_another_time(self, seconds: int) -> Approved:
            """By a client whose clock was moved: never open now, whatever else happens."""
            moment = int(time.time()) + seconds
            act = scene.act(credential_id=self.credential_id, issued_at=moment, expires_at=moment + 300)
            made = Approved(act, scene.by_client(act))
            self.everything.append(made)
            try:
                scene.sign(act, made.approval)
            except ActRefused:
                return made
            raise AssertionError("an act of another time was signed")

        @rule(one=acts)
        def sign(self, one: Approved) -> None:
            """For the first time, or again."""
            positions = list(range(len(one.act.items)))
            self._try(one, positions, lambda: scene.sign(one.act, one.approval))

        @rule(target=granted, one=acts)
        def authorize(self, one: Approved) -> Any:
            try:
                one.sads.append(scene.sad(one.act, one.approval))
            except ActRefused:
                return multiple()
            return one

        @rule(one=granted, which=st.integers(0, 3), choice=st.sampled_from(CHOICES))
        def redeem(self, one: Approved, which: int, choice: list[int]) -> None:
            """Positions that may be used, beyond, or named twice; by a SAD that may have been replaced."""
            sad = one.sads[-1 - which % len(one.sads)]
            items = [digests(one.act)[position % len(one.act.items)] for position in choice]
            self._try(one, choice, lambda: scene.redeem(sad, items, positions=choice))

        @rule(target=granted, one=consumes(granted))
        def extend(self, one: Approved) -> Approved:
            with suppress(ActRefused):
                one.sads.append(scene.signsvc.extend(one.sads[-1], client_id=CLIENT).sad)
            return one

        @precondition(lambda self: not self.suspended and self.restarts == RESTARTS)
        @rule()
        def suspend(self) -> None:
            scene.perform("suspend_credential", {"credential_id": self.credential_id})
            self.suspended = True

        @precondition(lambda self: self.suspended)
        @rule()
        def resume(self) -> None:
            scene.perform("resume_credential", {"credential_id": self.credential_id})
            self.suspended = False

        @precondition(lambda self: self.restarts < RESTARTS and len(self.everything) > 3)
        @rule(kill=st.booleans())
        def come_back(self, kill: bool) -> None:
            self.restarts += 1
            scene.restart(kill=kill)

        @precondition(lambda self: self.restarts < RESTARTS and len(self.everything) > 3)
        @rule(one=acts, after=st.floats(0, 0.02))
        def kill_while_it_signs(self, one: Approved, after: float) -> None:
            """The power fails somewhere in the eight steps; then the client asks again."""
            self.restarts += 1
            client = KeyProcess(scene.process.signsvc, deadline=5)
            positions = list(range(len(one.act.items)))

            def call() -> None:
                asked = client.sign(digests(one.act), act=one.act.encode(), approval=one.approval)
                one.keep(positions, asked)

            thread = threading.Thread(target=lambda: _quietly(call))
            thread.start()
            time.sleep(after)
            scene.stop(kill=True)
            thread.join()
            client.close()
            scene.start()
            self._try(one, positions, lambda: scene.sign(one.act, one.approval))

        def _try(self, one: Approved, positions: list[int], call: Any) -> None:
            try:
                signed = call()
            except ActRefused:
                return
            assert not self.suspended, "a suspended credential signed"
            one.keep(positions, signed)

        def _sign_once_more(self) -> None:
            """Whatever it lived through: what is approved now is signed now, at once and by a SAD."""
            if self.suspended:
                scene.perform("resume_credential", {"credential_id": self.credential_id})
            at_once, by_sad = (self._approve(1, same=False) for _ in range(2))
            at_once.keep([0], scene.sign(at_once.act, at_once.approval))
            sad = scene.sad(by_sad.act, by_sad.approval)
            by_sad.keep([0], scene.redeem(sad, digests(by_sad.act), positions=[0]))

        def teardown(self) -> None:
            if not hasattr(self, "size"):
                return
            self._sign_once_more()
            entries = dict(scene.admin.export(self.size, 10_000))
            intents = {index: json.loads(entry) for index, entry in entries.items()}
            mine = {
                index: intent
                for index, intent in intents.items()
                if intent["type"] == "intent" and intent.get("credential") == self.credential_id
            }
            by_act = {act_digest(one.act.encode()).hex(): one for one in self.everything}
            used: set[tuple[str, int]] = set()
            for digest, one in by_act.items():
                for position, signed in one.received.items():
                    assert len(signed) == 1, "an approved position was signed twice"
                    used.add((digest, position))
                    self._check_signature(one, digest, position, signed[0], mine, intents, entries)
            # After a crash the journal may over-report: an intent that led to nothing. An outcome with a
            # signature comes at most once for each approved position.
            assert {intent["act"] for intent in mine.values()} <= by_act.keys()
            outcomes = _outcomes(intents)
            made = [
                (intent["act"], intent["position"])
                for index, intent in mine.items()
                if outcomes.get(index, {}).get("signature")
            ]
            assert len(made) == len(set(made)), "an approved position was signed twice"
            self._check_history()

        def _check_signature(
            self,
            one: Approved,
            digest: str,
            position: int,
            signed: Signed,
            mine: dict[int, Any],
            intents: dict[int, Any],
            entries: dict[int, bytes],
        ) -> None:
            intent = mine[signed.leaf_index]
            item = one.act.items[position]
            assert (intent["act"], intent["position"]) == (digest, position)
            assert base64.b64decode(intent["tbs"]) == item.digest
            assert intent["approval"]["digest"] == hashlib.sha256(one.approval.evidence.encode()).hexdigest()
            outcome = _outcomes(intents).get(signed.leaf_index)
            assert outcome is None or outcome["signature"] == hashlib.sha256(signed.value).hexdigest()
            key = certificate_of[self.credential_id]
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(signed.value, item.digest, ec.ECDSA(Prehashed(hashes.SHA256())))
            receipt = scene.admin.receipt(signed.leaf_index)
            assert receipt.entry == entries[signed.leaf_index]
            verify_proof(receipt.proof, receipt.entry, scene.process.verifier_key)

        def _check_history(self) -> None:
            key = scene.process.verifier_key
            older = verify_checkpoint(self.start, key)
            newer = verify_checkpoint(scene.admin.checkpoint().text, key)
            if older.size < newer.size:
                proof = scene.admin.consistency(older.size, newer.size)
                verify_consistency(older.size, older.root, newer.size, newer.root, proof)

    return History


def _outcomes(entries: dict[int, Any]) -> dict[int, Any]:
    return {
        one["index"]: one
        for entry in entries.values()
        if entry["type"] == "outcome"
        for one in entry["intents"]
    }


def _quietly(call: Any) -> None:
    try:
        call()
    except HsmError:
        return


def test_any_history_of_a_key_process_is_what_its_journal_says(scene: Scene) -> None:
    bounds = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(histories(scene), settings=bounds)
