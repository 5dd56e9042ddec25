"""``antin-desk serve``: Granian, several workers with a few blocking threads each."""

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from desk.settings import Settings


def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    Granian(
        "desk.wsgi:application",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=settings.workers,
        blocking_threads=settings.threads,
        factory=True,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
    ).serve()
