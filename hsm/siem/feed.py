"""Hand events out without ever waiting: a bounded queue and a thread for each destination."""

import itertools
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from hsm.metrics import SIEM_EVENTS
from hsm.siem.destinations import Destination
from hsm.siem.event import Event, make_event

CAPACITY = 10_000
AT_ONCE = 100
LAST_SECONDS = 2.0
_WAITS = (0.2, 0.5, 1.0, 2.0, 5.0)
log = structlog.get_logger("hsm")

Report = Callable[..., None]


class Feed:
    """``report("sign.done", credential=…)``. Thread-safe; never blocks, never raises.

    Events have a sequence number: a gap says that some were dropped, and an event says how many.
    """

    def __init__(self, destinations: Sequence[Destination], *, capacity: int = CAPACITY) -> None:
        self._lanes = [_Lane(destination, capacity, self._make) for destination in destinations]
        self._numbers = itertools.count(1)
        self._host = socket.gethostname()

    def report(self, event: str, **fields: object) -> None:
        """Tell every destination. A field that the catalogue does not have is a fault of ours: logged."""
        try:
            made = self._make(event, fields)
        except Exception as error:  # noqa: BLE001 -- news of an act must never undo the act
            log.error("event_not_made", event_kind=event, error=repr(error))  # noqa: TRY400
            return
        for lane in self._lanes:
            lane.offer(made)

    def close(self) -> None:
        """Send what is waiting, for two seconds at most."""
        until = time.monotonic() + LAST_SECONDS
        for lane in self._lanes:
            lane.close(until)

    def _make(self, event: str, fields: dict[str, object]) -> Event:
        number = next(self._numbers)
        return make_event(event, fields, now=datetime.now(UTC), sequence=number, host=self._host)


class _Lane:
    """One destination's queue and thread."""

    def __init__(
        self, destination: Destination, capacity: int, make: Callable[[str, dict[str, object]], Event]
    ) -> None:
        self._destination = destination
        self._make = make
        self._queue: queue.Queue[Event] = queue.Queue(capacity)
        self._dropped = 0
        self._stopping = threading.Event()
        self._until = float("inf")
        self._thread = threading.Thread(target=self._run, name=f"events {destination.name}", daemon=True)
        self._thread.start()

    def offer(self, event: Event) -> None:
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            self._dropped += 1
            SIEM_EVENTS.labels(self._destination.name, "dropped").inc()

    def close(self, until: float) -> None:
        self._until = until
        self._stopping.set()
        self._thread.join(max(0.1, until - time.monotonic()))

    def _run(self) -> None:
        while batch := self._next():
            failures = 0
            while not self._sent(batch, failures):
                failures += 1
                self._stopping.wait(_WAITS[min(failures, len(_WAITS)) - 1])
                if self._stopping.is_set():
                    if time.monotonic() >= self._until:
                        SIEM_EVENTS.labels(self._destination.name, "dropped").inc(len(batch))
                        return
                    time.sleep(0.05)
        self._destination.close()

    def _next(self) -> list[Event]:
        """What is waiting; waits for something. Empty when it is time to stop."""
        batch: list[Event] = []
        while not batch:
            try:
                batch.append(self._queue.get(timeout=0.2))
            except queue.Empty:
                if self._stopping.is_set():
                    return []
        while len(batch) < AT_ONCE and not self._queue.empty():
            batch.append(self._queue.get_nowait())
        if dropped := self._dropped:
            self._dropped -= dropped
            batch.append(self._make("events.dropped", {"count": dropped}))
        return batch

    def _sent(self, batch: Sequence[Event], failures: int) -> bool:
        try:
            self._destination.send(batch)
        except OSError as error:
            if not failures:
                log.warning("events_not_sent", to=self._destination.name, error=repr(error))
            return False
        if failures:
            log.info("events_sent_again", to=self._destination.name)
        SIEM_EVENTS.labels(self._destination.name, "sent").inc(len(batch))
        return True
