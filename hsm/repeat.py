"""What the key process does by itself, again and again, on a thread of its own."""

import threading
from collections.abc import Callable

import structlog

from hsm.errors import HsmError
from hsm.metrics import TASK_FAILURES

log = structlog.get_logger("hsm")


class Repeat:
    """Does ``task`` every ``seconds``; after a failure, every ``retry`` seconds until it works again.

    A failure is counted (``hsm_task_failures_total``) and logged when it is a new one. It never ends
    the thread: what a task is for must come back by itself when its cause is gone.
    """

    def __init__(
        self, name: str, task: Callable[[], object], seconds: float, *, retry: float | None = None
    ) -> None:
        self._name = name
        self._task = task
        self._seconds = seconds
        self._retry = seconds if retry is None else retry
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
            TASK_FAILURES.labels(self._name).inc()
            failure = type(error).__name__
            if failure != self._failure:
                reason = error.message if isinstance(error, HsmError) else ""
                detail = error.detail if isinstance(error, HsmError) else repr(error)
                log.warning("task_failed", task=self._name, error=failure, reason=reason, detail=detail)
            self._failure = failure
            return False
        if self._failure:
            log.info("task_recovered", task=self._name, from_error=self._failure)
            self._failure = ""
        return True

    def _run(self) -> None:
        wait = 0.0
        while not self._stopping.wait(wait):
            wait = self._seconds if self.attempt() else self._retry
