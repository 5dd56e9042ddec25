"""Step 4's other half: what is about to be signed is counted in the transaction that reserves it."""

from dataclasses import dataclass

from sqlalchemy import Connection

from hsm import quota_counts
from hsm.acts.ledger import Change
from policies.limits import Limit


@dataclass(frozen=True, slots=True)
class Spending:
    """``count`` signatures now (Unix seconds), against every limit of their credential and client."""

    limits: tuple[Limit, ...]
    count: int
    now: int

    def around(self, reserve: Change) -> Change:
        """The reservation, counted: both or neither. The change raises QuotaSpent."""

        def change(connection: Connection) -> None:
            # First look, then reserve, then count: what raises must have written nothing before.
            quota_counts.check(connection, self.limits, self.count, self.now)
            reserve(connection)
            quota_counts.spend(connection, self.limits, self.count, self.now)

        return change

    def refund(self, release: Change) -> Change:
        """The release of what was reserved: no signature has left, so none counts."""

        def change(connection: Connection) -> None:
            release(connection)
            quota_counts.spend(connection, self.limits, -self.count, self.now)

        return change
