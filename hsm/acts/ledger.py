"""The one writer: what a grant may do and what the journal says of it become durable together.

Callers hand in a change of rows and the leaves that go with it, and wait. One thread writes all
that is waiting in one transaction (group commit), so that a busy moment costs one fsync, not many,
and so that leaves have one order.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy import Connection

from hsm.database import Database
from hsm.errors import HsmError, JournalError
from hsm.journal.errors import JournalConflict
from hsm.journal.log import Log, Staged
from hsm.journal.receipt import format_proof

MAX_GROUP = 64
# How long leaves that nobody waits for may wait for company: each transaction is an fsync.
LINGER_SECONDS = 0.02
# How often another key process may be faster, one time after another.
CONFLICTS = 8

# A change that raises HsmError must have left nothing behind: the group's transaction goes on without it.
Change = Callable[[Connection], None]
SealCheckpoint = Callable[[int, bytes], str]


@dataclass(frozen=True, slots=True)
class Entered:
    """Leaves that are durable: their first index, and receipts' proof texts when asked for."""

    first_index: int
    proofs: tuple[str, ...] = ()


@dataclass(slots=True)
class _Waiting:
    change: Change | None
    entries: Sequence[bytes]
    with_proofs: bool
    until: float  # by time.monotonic(); 0 when somebody waits for it
    done: "Future[Entered]" = field(default_factory=Future)


class Ledger:
    """Writes rows and leaves. Thread-safe. ``seal`` signs a checkpoint of (size, root)."""

    def __init__(self, database: Database, log: Log, seal: SealCheckpoint) -> None:
        self._database = database
        self._log = log
        self._seal = seal
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._sealed: tuple[int, str] | None = None
        self._seal_lock = threading.Lock()
        self._closed = False
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def enter(
        self, entries: Sequence[bytes], *, change: Change | None = None, with_proofs: bool = False
    ) -> Entered:
        """Make the change and the leaves durable, then return.

        Raises what ``change`` raised (then nothing of it is kept), StoreUnavailable or JournalError
        (then it may or may not have been kept: the journal may over-report, never under-report).
        JournalError too once the ledger is closed: nothing of it is kept.
        """
        waiting = _Waiting(change, entries, with_proofs, until=0.0)
        self._hand_in(waiting)
        return waiting.done.result()

    def enter_later(
        self, entries: Sequence[bytes], *, change: Change | None = None, linger: float = LINGER_SECONDS
    ) -> None:
        """The same without waiting; what was handed in first is durable first. A failure is not heard of.

        ``linger``: seconds it may wait for others to share a transaction with.
        """
        self._hand_in(_Waiting(change, entries, with_proofs=False, until=time.monotonic() + linger))

    def checkpoint(self) -> tuple[int, str]:
        """The journal's size now, and a signed checkpoint of it. Raises TokenError."""
        size, root = self._log.head()
        return size, self._checkpoint(size, root)

    def close(self) -> None:
        """Write what is waiting, then stop."""
        with self._closing:
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _hand_in(self, waiting: _Waiting) -> None:
        # Behind the end nobody reads: a caller would wait for ever, and an outcome be lost unheard.
        with self._closing:
            if self._closed:
                raise JournalError("The key process is stopping; nothing was signed.", detail="ledger closed")
            self._queue.put(waiting)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group, stop = self._gather(first)
            self._write(group)
            if stop:
                return

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """What is waiting, in order; and whether the end was among it."""
        group = [first]
        until = first.until
        while len(group) < MAX_GROUP:
            patience = until - time.monotonic()
            try:
                waiting = self._queue.get(block=patience > 0, timeout=max(patience, 0.001))
            except queue.Empty:
                break
            if waiting is None:
                return group, True
            group.append(waiting)
            until = min(until, waiting.until)
        return group, False

    def _write(self, group: list[_Waiting]) -> None:
        try:
            accepted, staged = self._commit_at_last(group)
        except Exception as error:  # noqa: BLE001 -- every waiter must hear of it, whatever it is
            self._fail(group, error)
            self._reload()
            return
        # Durable from here on: if we were to crash now, the intents are in the log.
        self._log.adopt(staged)
        self._answer(accepted, staged)

    def _commit_at_last(self, group: list[_Waiting]) -> tuple[list[_Waiting], Staged]:
        """Commit on whatever head there is: another key process may write in between, and nothing of ours
        was kept then."""
        for _ in range(CONFLICTS):
            try:
                return self._commit(group)
            except JournalConflict:
                self._log.reload()
        return self._commit(group)

    def _commit(self, group: list[_Waiting]) -> tuple[list[_Waiting], Staged]:
        waiting_still = [waiting for waiting in group if not waiting.done.done()]
        with self._database.writing() as connection:
            accepted = [waiting for waiting in waiting_still if self._applies(connection, waiting)]
            staged = self._log.stage(connection, [e for waiting in accepted for e in waiting.entries])
        return accepted, staged

    def _applies(self, connection: Connection, waiting: _Waiting) -> bool:
        if waiting.change is None:
            return True
        try:
            waiting.change(connection)
        except HsmError as refusal:
            waiting.done.set_exception(refusal)
            return False
        return True

    def _answer(self, accepted: list[_Waiting], staged: Staged) -> None:
        index = staged.first_index
        checkpoint: str | None = None
        for waiting in accepted:
            count = len(waiting.entries)
            try:
                proofs: tuple[str, ...] = ()
                if waiting.with_proofs:
                    checkpoint = checkpoint or self._checkpoint(staged.size, staged.root)
                    proofs = tuple(
                        format_proof(leaf, staged.inclusion_proof(leaf), checkpoint)
                        for leaf in range(index, index + count)
                    )
                waiting.done.set_result(Entered(index, proofs))
            except Exception as error:  # noqa: BLE001 -- the waiter hears of it; the next is served
                waiting.done.set_exception(error)
            index += count

    def _checkpoint(self, size: int, root: bytes) -> str:
        with self._seal_lock:
            if self._sealed is None or self._sealed[0] != size:
                self._sealed = (size, self._seal(size, root))
            return self._sealed[1]

    def _reload(self) -> None:
        try:
            self._log.reload()
        except HsmError:
            # The store is still away. The next stage() finds the head moved and reads it again.
            return

    @staticmethod
    def _fail(group: list[_Waiting], error: Exception) -> None:
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_exception(
                    error
                    if isinstance(error, HsmError)
                    else JournalError(
                        "The journal could not be written; nothing was signed.", detail=repr(error)
                    )
                )
