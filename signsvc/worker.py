"""The worker: goes on with signatures that wait for a time-stamp or revocation data, and sweeps up.

Any number may run. A claim's lease and fence make sure that one that was paused past its lease writes
nothing, and that one that died leaves its job to another.
"""

import threading
import time
from typing import Any

from signsvc.errors import LeaseLost, SignatureFailed, SignsvcError
from signsvc.pades.errors import PadesError
from signsvc.services import Services

SWEEP_EVERY = 300.0


class Worker:
    """``run`` until ``stop`` is set."""

    def __init__(self, services: Services, log: Any) -> None:
        self._services = services
        self._log = log
        self._swept_at: float | None = None

    def run(self, stop: threading.Event) -> None:
        """One job after the other; when there is none, or the store is away, a pause."""
        self._log.info("worker_started")
        while not stop.is_set():
            try:
                worked = self.work_once()
                self._sweep_in_time()
            except SignsvcError as error:
                self._log.error("worker_waits", error=error.code, detail=error.detail)
                worked = False
            if not worked:
                stop.wait(self._services.settings.worker_pause)

    def work_once(self) -> bool:
        """Go on with one signature, if one is due. Raises StoreUnavailable."""
        now = self._services.clock()
        held = self._services.signatures.claim_due(
            now=int(now.timestamp()), lease=self._services.settings.lease
        )
        if held is None:
            return False
        about = {"signature": held.id, "level": held.level, "attempt": held.attempts + 1}
        try:
            self._services.finish.finish(held, now=now)
        except LeaseLost:
            self._log.warning("lease_lost", **about)
        except SignatureFailed as error:
            self._log.warning("signature_failed", reason=error.detail, **about)
        except PadesError as error:
            self._log.warning("signature_put_off", error=error.code, detail=error.detail, **about)
        except SignsvcError:
            raise
        except Exception as error:  # noqa: BLE001 -- one poisoned job must not stop the others
            # The lease stays: it is not tried again before that is over.
            self._log.error("signature_broke", error=type(error).__name__, **about)
        else:
            self._log.info("signature_completed", **about)
        return True

    def _sweep_in_time(self) -> None:
        now = time.monotonic()
        if self._swept_at is not None and now - self._swept_at < SWEEP_EVERY:
            return
        self._swept_at = now
        gone = self._services.sweep(now=self._services.clock())
        if gone:
            self._log.info("swept", count=gone)
