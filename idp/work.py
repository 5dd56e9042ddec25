"""``python -m idp worker``: until SIGTERM or SIGINT."""

import signal
import sys
import threading
from typing import Any

from idp.app import create_app
from idp.evidence.destinations import open_destination
from idp.evidence.export import ExportEvidence
from idp.evidence.keep import KeepEvidence
from idp.services import Services
from idp.settings import Settings
from idp.store.evidence_seals import SEAL_SECONDS
from idp.store.wake import Wake
from idp.web.request_log import new_logger
from idp.worker import Task, Worker

DAY = 86400


def build_worker(services: Services, log: Any) -> Worker:
    """The worker of one app's parts."""
    return Worker(
        deliveries=services.logout.deliveries,
        deliver=services.logout.deliver,
        tasks=tasks_of(services),
        clock=lambda: int(services.clock().timestamp()),
        nap=Wake(services.redis).nap,
        pause=services.settings.worker_pause,
        log=log,
    )


def tasks_of(services: Services) -> tuple[Task, ...]:
    """What is done now and then, besides deliveries."""
    keep = KeepEvidence(services.database)
    export = ExportEvidence(
        services.database, [open_destination(each) for each in services.settings.evidence_destinations]
    )
    return (
        Task("seal_evidence", SEAL_SECONDS, keep.seal),
        Task("export_evidence", SEAL_SECONDS, export),
        Task("purge_evidence", 3600, keep.purge),
        # A session's row is kept for a day after its end: a late logout token still finds its clients.
        Task("forget_sessions", 3600, lambda now: services.sessions.forget(before=now - DAY)),
        Task("forget_refresh", 3600, lambda now: services.tokens.families.forget(before=now - DAY)),
        Task("forget_deliveries", 3600, lambda now: services.logout.deliveries.forget(before=now - 30 * DAY)),
    )


def work(settings: Settings) -> None:
    """Run a worker in this process."""
    services: Services = create_app(settings).extensions["idp"]
    worker = build_worker(services, new_logger(sys.stdout.buffer))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker.run(stop)
    services.evidence.close()
