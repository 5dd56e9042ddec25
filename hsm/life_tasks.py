"""What the key process does by itself: adopt rewrapped keys, load a newer policy, look at the radar."""

from datetime import UTC, datetime

from hsm import quota_counts, radar
from hsm.acts.active_policy import ActivePolicy
from hsm.acts.adopt_rewrapped import Adoption
from hsm.acts.ledger import Ledger
from hsm.acts.rotate_kek import Keks
from hsm.database import Database
from hsm.repeat import Repeat, Report
from hsm.token.token import Token
from policies.bundle import Bundle
from policies.limits import longest_window

ADOPT_SECONDS = 1.0
POLICY_SECONDS = 1.0
RADAR_SECONDS = 3600.0
# Counts are kept so long at least, in case a longer window comes into force.
LEAST_KEPT = 30 * 86_400  # seconds


def kept_seconds(bundle: Bundle) -> int:
    """How long counts are kept: the window before still weighs in until the present one is over."""
    return max(LEAST_KEPT, 2 * longest_window(bundle))


class LifeTasks:
    """``start()`` when the ledger is open, ``close()`` before it is closed."""

    def __init__(
        self, database: Database, ledger: Ledger, token: Token, policy: ActivePolicy, report: Report
    ) -> None:
        self._database = database
        self._policy = policy
        self._started = False
        adoption, keks = Adoption(database, ledger, token), Keks(database, token)
        self._tasks = [
            Repeat("adopt_rewrapped_keys", adoption.adopt, ADOPT_SECONDS, report=report),
            # Another process activated a policy: known here within POLICY_SECONDS and what checking it takes.
            Repeat("newer_policy", policy.refresh, POLICY_SECONDS, report=report),
            Repeat("forget_old_counts", self._forget_old_counts, RADAR_SECONDS, report=report),
            Repeat("expiry_radar", self._look, RADAR_SECONDS, retry=60.0, report=report),
            Repeat("destroy_leftover_keks", keks.destroy_leftovers, RADAR_SECONDS, report=report),
        ]

    def start(self) -> None:
        self._started = True
        for task in self._tasks:
            task.start()

    def close(self) -> None:
        for task in self._tasks if self._started else ():
            task.close()

    def _forget_old_counts(self) -> None:
        now = int(datetime.now(UTC).timestamp())
        with self._database.writing() as connection:
            quota_counts.forget_old(connection, now - kept_seconds(self._policy.current.bundle))

    def _look(self) -> None:
        radar.measure(self._database, datetime.now(UTC))
