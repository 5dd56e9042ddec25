"""``python -m idp serve``: Granian, several workers with a few blocking threads each."""

import os
import tempfile

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from idp.settings import Settings


def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Workers are started fresh, so each opens its own connections."""
    threads = settings.threads + settings.hashing_threads + settings.hashing_waiting
    with tempfile.TemporaryDirectory(prefix="idp-metrics-") as folder:
        # prometheus_client reads this when a worker imports it; the numbers of all workers are added up.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        Granian(
            "idp.wsgi:application",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            workers=settings.workers,
            # Who waits for a password to be hashed has a thread, but no turn: web/turns.py.
            blocking_threads=threads,
            # Connections a worker takes at once: those who wait must not keep the others out.
            backpressure=max(512, 2 * threads),
            factory=True,
            websockets=False,
            # A worker that died is replaced; the port is never left without an answer.
            respawn_failed_workers=True,
            workers_kill_timeout=10,
        ).serve()
