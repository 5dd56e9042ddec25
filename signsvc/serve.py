"""``python -m signsvc serve``: Granian, several workers with a few blocking threads each."""

import os
import tempfile

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from signsvc.settings import Settings


def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Workers are started fresh, so each opens its own connections."""
    with tempfile.TemporaryDirectory(prefix="signsvc-metrics-") as folder:
        # prometheus_client reads this when a worker imports it; the numbers of all workers are added up.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        Granian(
            "signsvc.wsgi:application",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            workers=settings.workers,
            blocking_threads=settings.threads,
            factory=True,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=30,
        ).serve()
