"""The worker: tells relying parties of logouts, and does what has to be done now and then.

Any number may run, on any host: a lease and a fence keep two from doing the same twice, and leave the
work of one that died to another.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from idp.errors import IdpError
from idp.logout.deliver import DeliverLogout
from idp.store.logout_deliveries import Delivery, LogoutDeliveries

THREADS = 8
# An attempt is over before its lease is: 10 s for the request (60 at most), the rest for the database.
LEASE_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Task:
    """Done every so many seconds; what ``act(now)`` returns is logged unless it is nothing."""

    name: str
    every: float
    act: Callable[[int], object]


class Worker:
    """``run`` until ``stop`` is set. ``nap(seconds)`` returns early when there is something to do."""

    def __init__(
        self,
        *,
        deliveries: LogoutDeliveries,
        deliver: DeliverLogout,
        tasks: Sequence[Task],
        clock: Callable[[], int],
        nap: Callable[[float], None],
        pause: float,
        log: Any,
    ) -> None:
        self._deliveries = deliveries
        self._deliver = deliver
        self._tasks = tasks
        self._clock = clock
        self._nap = nap
        self._pause = pause
        self._log = log
        self._last: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        self._log.info("worker_started")
        under_way: set[Future[None]] = set()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="logout") as pool:
            while not stop.is_set():
                # A relying party that takes its time holds one thread, not the round.
                under_way = {future for future in under_way if not future.done()}
                try:
                    started = self.start_due(pool, THREADS - len(under_way))
                    self.do_tasks()
                except IdpError as error:
                    self._log.error("worker_waits", error=type(error).__name__, detail=error.detail)
                    started = set()
                under_way |= started
                if not started:
                    self._nap(self._pause)
        self._log.info("worker_stopped")

    def start_due(self, pool: ThreadPoolExecutor, limit: int) -> set[Future[None]]:
        """Claim what is due and start on it. Raises StoreUnavailable."""
        if limit <= 0:
            return set()
        claimed = self._deliveries.claim(now=self._clock(), lease=LEASE_SECONDS, limit=limit)
        return {pool.submit(self._attempt, delivery) for delivery in claimed}

    def _attempt(self, delivery: Delivery) -> None:
        about = {
            "delivery": delivery.delivery_id,
            "client_id": delivery.client_id,
            "attempt": delivery.attempts,
        }
        try:
            error = self._deliver(delivery, self._clock())
        except IdpError as failure:
            # Its lease runs out, and it is tried again.
            self._log.error("logout_broke", error=type(failure).__name__, detail=failure.detail, **about)
        except Exception as failure:  # noqa: BLE001 -- one poisoned delivery must not stop the others
            self._log.error("logout_broke", error=type(failure).__name__, **about)
        else:
            (self._log.warning if error else self._log.info)("logout_told", error=error, **about)

    def do_tasks(self) -> None:
        """Those whose time has come. Raises StoreUnavailable."""
        for task in self._tasks:
            moment = time.monotonic()
            last = self._last.get(task.name)
            if last is not None and moment - last < task.every:
                continue
            self._last[task.name] = moment
            done = task.act(self._clock())
            if done:
                self._log.info("task_done", task=task.name, result=done)
