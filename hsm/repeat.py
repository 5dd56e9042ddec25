"""What the key process does by itself, again and again, on a thread of its own."""

import threading
import time
from collections.abc import Callable

import structlog

from hsm.errors import HsmError
from hsm.journal.errors import JournalDamaged, JournalRolledBack
from hsm.metrics import TASK_FAILURES

log = structlog.get_logger("hsm")
Report = Callable[..., None]


class Repeat:
    """Does ``task`` every ``seconds``; after a failure, every ``retry`` seconds until it works again.

    A failure is counted (``hsm_task_failures_total``), and logged and reported when it is a new one. It
    never ends the thread: what a task is for must come back by itself when its cause is gone.
    """

    def __init__(
        self,
        name: str,
        task: Callable[[], object],
        seconds: float,
        *,
        retry: float | None = None,
        report: Report = lambda *_, **__: None,
    ) -> None:
        self._name = name
        self._task = task
        self._seconds = seconds
        self._retry = seconds if retry is None else retry
        self._report = report
        self._stopping = threading.Event()
        self._failure = ""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, *, last: bool = False, within: float = 10.0) -> None:
        """Stop; ``last``: do the task once more, for what came since."""
        self._stopping.set()
        self._thread.join(within)
        if last and not self._thread.is_alive():
            self.attempt()

    def attempt(self) -> bool:
        """Once, now; False when it failed."""
        try:
            self._task()
        except Exception as error:  # noqa: BLE001 -- whatever it is, the thread must live
            self._failed(error)
            return False
        if self._failure:
            log.info("task_recovered", task=self._name, from_error=self._failure)
            self._report("task.recovered", task=self._name, error=self._failure)
            self._failure = ""
        return True

    def _failed(self, error: Exception) -> None:
        TASK_FAILURES.labels(self._name).inc()
        failure = type(error).__name__
        if failure == self._failure:
            return
        self._failure = failure
        reason, detail = (error.message, error.detail) if isinstance(error, HsmError) else ("", repr(error))
        log.warning("task_failed", task=self._name, error=failure, reason=reason, detail=detail)
        alarm = isinstance(error, JournalDamaged | JournalRolledBack)
        self._report("journal.alarm" if alarm else "task.failed", task=self._name, error=failure)

    def _run(self) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            began = time.monotonic()
            wait = self._seconds if self.attempt() else self._retry
            # A rate, not a pause: what took long is not waited for once more.
            wait = max(0.0, wait - (time.monotonic() - began))
