"""A copy of the store is no second original: it carries a mark, and does not go on by itself.

Two key processes that write one log from one point on have forked it, and what the second signs nobody
can tell from forgery. So every copy that ``hsm.backup`` takes is marked, and a key process that finds the
mark starts for a rehearsal only, or when two administrators had approved the act ``continue_copy`` for
this copy, which must have everything that the original ever published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from hsm.acts.approval import Approval
from hsm.acts.credential_life import text
from hsm.acts.keys import Administration, Operation, Result
from hsm.acts.ledger import Change, Entered, Ledger
from hsm.administer import read_approval
from hsm.database import Database
from hsm.errors import ActMalformed, JournalError
from hsm.journal.checkpoint import verify_checkpoint
from hsm.journal.errors import CheckpointInvalid
from hsm.journal.log import Log
from hsm.life_tables import store_copy
from policies.model import ActionName, StoreFacts


class StoreIsCopy(JournalError):
    """The store is a copy; the key process does not continue the original's journal from it."""


@dataclass(frozen=True, slots=True)
class Copy:
    """The mark. ``copied_at``: Unix seconds; ``journal_size``: what the original's journal had then."""

    copy_id: str
    copied_at: int
    journal_size: int


def find_copy(connection: Connection) -> Copy | None:
    query = select(store_copy.c.copy_id, store_copy.c.copied_at, store_copy.c.journal_size)
    row = connection.execute(query).first()
    return Copy(*row) if row else None


def mark_copy(connection: Connection, copy: Copy) -> None:
    """Mark this store, whatever it was before."""
    connection.execute(delete(store_copy))
    connection.execute(
        insert(store_copy).values(
            id=1, copy_id=copy.copy_id, copied_at=copy.copied_at, journal_size=copy.journal_size
        )
    )


def check_may_start(database: Database, *, rehearsal: bool, continued: bool) -> Copy | None:
    """The mark, if there is one. Raises StoreIsCopy.

    ``rehearsal``: nothing will be written; then it must be a copy. ``continued``: an act of
    ``continue_copy`` is at hand, which is checked later.
    """
    with database.reading() as connection:
        copy = find_copy(connection)
    if rehearsal and copy is None:
        raise StoreIsCopy("This store is no copy: a rehearsal is held on a copy only.")
    if copy is not None and not rehearsal and not continued:
        taken = datetime.fromtimestamp(copy.copied_at, UTC)
        raise StoreIsCopy(
            f"This store is the copy {copy.copy_id}, taken at {taken:%Y-%m-%d %H:%M:%S} UTC. To go on with it"
            " in place of an original that is lost for ever, two administrators approve the act"
            " continue_copy; name its folder in HSM_CONTINUE_COPY. (HSM_REHEARSAL=true only tries it.)"
        )
    return copy


class RehearsalLedger(Ledger):
    """Writes nothing: whatever would change the store or its journal is refused before it begins."""

    def enter(
        self, entries: Sequence[bytes], *, change: Change | None = None, with_proofs: bool = False
    ) -> Entered:
        """Raises StoreIsCopy."""
        raise StoreIsCopy("This is a rehearsal on a copy: nothing is signed and nothing is changed.")

    def enter_later(
        self, entries: Sequence[bytes], *, change: Change | None = None, linger: float = 0
    ) -> None:
        """Nothing, without a word."""


class Continuation:
    """The operation ``continue_copy`` {copy_id, last_checkpoint}.

    ``last_checkpoint``: the last signed note of the original that anybody has, the publisher's or a
    witness's. A copy that lacks something of it cannot go on: that would be the fork.
    """

    def __init__(self, database: Database, log: Log, verifier_key: str) -> None:
        self._database = database
        self._log = log
        self._verifier_key = verifier_key

    def operations(self) -> dict[ActionName, Operation]:
        return {ActionName.CONTINUE_COPY: Operation(self._facts, self._continue)}

    def _facts(self, parameters: dict[str, Any]) -> StoreFacts:
        # Here, and not in step 6: the act's own intent would be the first leaf of the fork.
        self._check_contains(parameters)
        with self._database.reading() as connection:
            copy = find_copy(connection)
        copy_id = text(parameters, "copy_id", 64)
        return StoreFacts(copy_id, "copy" if copy and copy.copy_id == copy_id else "original")

    def _check_contains(self, parameters: dict[str, Any]) -> None:
        try:
            published = verify_checkpoint(text(parameters, "last_checkpoint", 10_000), self._verifier_key)
        except CheckpointInvalid as error:
            raise ActMalformed("last_checkpoint is not a checkpoint of this journal.") from error
        if published.size > self._log.head()[0] or self._log.root_at(published.size) != published.root:
            raise ActMalformed(
                f"The original published {published.size} entries, and this copy does not contain them: it"
                " can't go on with this journal, that would be a fork."
            )

    def _continue(self, parameters: dict[str, Any], now: datetime) -> tuple[Result, Change]:
        copy_id = text(parameters, "copy_id", 64)

        def change(connection: Connection) -> None:
            copy = find_copy(connection)
            if copy is None or copy.copy_id != copy_id:
                raise ActMalformed("This store is not that copy.")
            connection.execute(delete(store_copy))

        return {"copy_id": copy_id, "continued_at": int(now.timestamp())}, change


def continue_copy(administration: Administration, folder: Path, *, now: datetime) -> Result:
    """Do the act in ``folder`` (``act.json``, and approvals in ``*.jws``). Raises HsmError."""
    try:
        act = (folder / "act.json").read_bytes()
    except OSError as error:
        raise ActMalformed(f"{folder / 'act.json'} cannot be read.", detail=str(error)) from error
    approvals = [read_approval(path) for path in sorted(folder.glob("*.jws"))]
    return administration.perform(act, [Approval(one.kind, one.evidence) for one in approvals], now=now)[0]
