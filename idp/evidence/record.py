"""Write events down: those that matter at once and durably, the many others in groups.

What a crash may lose: of the kinds with ``durable = false`` alone, those of the last ``GROUP_SECONDS`` of
this process, and up to ``MAX_WAITING`` while the database is away. Beyond that the newest are dropped,
counted, and the count is itself an event (``evidence.lost``).
"""

import atexit
from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition, Lock, Thread

from sqlalchemy import Connection

from idp.errors import StoreUnavailable
from idp.evidence.catalogue import check_event
from idp.evidence.event import Event
from idp.store.database import Database
from idp.store.evidence import write_events

GROUP_SECONDS = 0.5
MAX_WAITING = 20_000
MAX_GROUP = 500


class EvidenceRecorder:
    """Thread-safe. Its one thread starts with the first buffered event, which is after the fork."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now
        self._waiting: deque[Event] = deque()
        self._lost = 0
        self._changed = Condition()
        self._one_writer = Lock()
        self._thread: Thread | None = None
        self._closed = False

    def record(self, event: Event) -> None:
        """Durable when this returns, unless the catalogue says that a group is enough.

        Raises StoreUnavailable for durable events; ValueError for what the catalogue does not know.
        """
        if check_event(event).durable:
            with self._database.writing() as connection:
                write_events(connection, [event])
            return
        with self._changed:
            if len(self._waiting) >= MAX_WAITING:
                self._lost += 1
                return
            self._waiting.append(event)
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._write_groups, name="evidence", daemon=True)
                self._thread.start()
                # A worker that is told to stop writes what it has.
                atexit.register(self.close)

    def record_within(self, connection: Connection, event: Event) -> None:
        """As ``record``, in the caller's transaction: the act and its event are one."""
        check_event(event)
        write_events(connection, [event])

    def record_all_within(self, connection: Connection, events: Sequence[Event]) -> None:
        """As ``record_within``, many in one statement."""
        for event in events:
            check_event(event)
        write_events(connection, events)

    def flush(self) -> None:
        """Write what waits. Raises StoreUnavailable; what was not written still waits."""
        with self._one_writer:
            while True:
                with self._changed:
                    group = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_GROUP))]
                    lost, self._lost = self._lost, 0
                if not group and not lost:
                    return
                if lost:
                    group.append(Event("evidence.lost", self._now(), details={"events": lost}))
                try:
                    with self._database.writing() as connection:
                        write_events(connection, group)
                except StoreUnavailable:
                    with self._changed:
                        self._lost += lost
                        self._waiting.extendleft(reversed(group[:-1] if lost else group))
                    raise

    def close(self) -> None:
        """Stop the thread and write what waits, if the database lets it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout=5)
            atexit.unregister(self.close)
        try:
            self.flush()
        except StoreUnavailable:
            return

    def _write_groups(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                self._changed.wait(GROUP_SECONDS)
            try:
                self.flush()
            except StoreUnavailable:
                continue  # they wait for the next round
