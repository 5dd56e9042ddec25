"""Leases and fences under every order of events: hypothesis plays workers that pause and die."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from signsvc.errors import LeaseLost
from signsvc.schema.migrate import migrate
from signsvc.store.database import Database
from signsvc.store.files import new_id
from signsvc.store.signatures import Signatures, State, StoredSignature

START = 1_800_000_000
LEASE = 60


class Workers(RuleBasedStateMachine):
    """One signature, any number of workers. The model: who holds the newest claim, and what it wrote."""

    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name)}/s.sqlite3"
        migrate(url)
        self.database = Database(url)
        self.signatures = Signatures(self.database)
        self.now = START
        self.id = new_id()
        self.newest = 0
        self.free_from = START
        self.expected: tuple[State, bytes | None] = (State.AWAITING_APPROVAL, None)
        self.signatures.add(
            StoredSignature(
                id=self.id, client_id="c", document_id=new_id(), state=State.AWAITING_APPROVAL, name="n",
                credential_id="k", level="B-T", on_unavailable="wait", act=b"{}", base_sha256="0" * 64,
                prepared={}, created_at=START, approve_until=START, expires_at=START,
            )
        )  # fmt: skip

    @rule(seconds=st.integers(1, 2 * LEASE))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(target=claims)
    def claim_to_sign(self) -> int:
        held = self.signatures.claim(
            self.id, (State.AWAITING_APPROVAL, State.SIGNING), now=self.now, lease=LEASE, into=State.SIGNING
        )
        may = self.now >= self.free_from and self.expected[0] in (State.AWAITING_APPROVAL, State.SIGNING)
        assert (held is not None) == may
        if held is None:
            return -1
        self.newest, self.free_from = held.fence, self.now + LEASE
        self.expected = (State.SIGNING, self.expected[1])
        return held.fence

    @rule(target=claims)
    def claim_due(self) -> int:
        held = self.signatures.claim_due(now=self.now, lease=LEASE)
        may = self.now >= self.free_from and self.expected[0] in (State.SIGNED, State.WAITING)
        assert (held is not None) == may
        if held is None:
            return -1
        self.newest, self.free_from = held.fence, self.now + LEASE
        return held.fence

    @rule(
        fence=claims,
        state=st.sampled_from([State.SIGNED, State.WAITING, State.COMPLETED, State.FAILED]),
        value=st.binary(min_size=1, max_size=4),
        lets_go=st.booleans(),
    )
    def write(self, fence: int, state: State, value: bytes, lets_go: bool) -> None:
        if fence < 0:
            return
        more = {"lease_until": 0} if lets_go else {}
        try:
            self.signatures.advance(self.id, fence, state=state, signature_value=value, **more)
        except LeaseLost:
            assert fence != self.newest
            return
        # Only the newest claim ever gets through, however late its holder wakes up.
        assert fence == self.newest
        self.expected = (state, value)
        if lets_go:
            self.free_from = self.now

    @invariant()
    def what_is_stored_is_what_the_newest_wrote(self) -> None:
        found = self.signatures.find("c", self.id)
        assert found is not None
        assert (found.state, found.signature_value) == self.expected

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


TestWorkers = Workers.TestCase
TestWorkers.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
