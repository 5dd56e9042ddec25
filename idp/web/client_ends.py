"""How many clients' secrets and exceptions end soon, as Prometheus gauges, read when they are asked for."""

from collections.abc import Callable, Iterable
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from idp.errors import StoreUnavailable
from idp.protocol.client_metadata import BASELINE
from idp.protocol.registration.rules import SECRETS
from idp.protocol.registration.secret import DAY, WARNED_DAYS
from idp.store.clients import Registration, find_registrations
from idp.store.database import Database

KEPT_SECONDS = 60


class ClientEnds(Collector):
    """Those that ended already are counted too. Of active clients only; one look at the database a minute."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._kept: tuple[int, list[Registration]] = (0, [])

    def describe(self) -> Iterable[Metric]:
        """Without it registering would ask the database, before the worker forked."""
        return self._families([], 0)

    def collect(self) -> Iterable[Metric]:
        """Nothing while the database is away: an alert on absence beats a wrong zero."""
        now = int(self._clock().timestamp())
        if not self._kept[0] <= now < self._kept[0] + KEPT_SECONDS:
            try:
                with self._database.reading() as connection:
                    self._kept = (now, find_registrations(connection))
            except StoreUnavailable:
                return []
        return self._families([each for each in self._kept[1] if each.state == "active"], now)

    def _families(self, clients: list[Registration], now: int) -> list[Metric]:
        secrets = [
            each.metadata.secret_expires_at
            for each in clients
            if each.metadata.token_endpoint_auth_method in SECRETS
        ]
        exceptions = [each.metadata.profile_until for each in clients if each.metadata.profile == BASELINE]
        return [
            _gauge(
                "idp_client_secrets_expiring", "Client secrets that end within so many days.", secrets, now
            ),
            _gauge(
                "idp_client_exceptions_expiring", "Baseline exceptions that end so soon.", exceptions, now
            ),
        ]


def _gauge(name: str, text: str, ends: list[int], now: int) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["days"])
    for days in WARNED_DAYS:
        family.add_metric([str(days)], sum(end < now + days * DAY for end in ends))
    return family
