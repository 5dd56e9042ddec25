"""The policy in force: the newest version whose approvals this process checked itself.

It goes forward only. A row that does not pass (``hsm.acts.policy_evidence``) is not loaded, and said; and
since every intent in the journal names the version that allowed it, a store from which newer versions
were taken is noticed at start.
"""

import threading
from collections.abc import Callable
from datetime import datetime

import orjson
import structlog

from hsm import policy_store
from hsm.acts import entries
from hsm.acts.directory import KnownCredential
from hsm.acts.ledger import Ledger
from hsm.acts.policy import BundlePolicy
from hsm.acts.policy_evidence import PolicyNotApproved, check_version
from hsm.acts.row_seals import RowSeals
from hsm.database import Database
from hsm.errors import HsmError
from hsm.journal import merkle
from hsm.journal.log import Log
from hsm.policy_store import StoredVersion
from policies.bundle import Bundle
from policies.limits import Limit
from policies.model import CredentialFacts, Decision, Question
from policies.profiles import KeyProfile

# How far back the journal is asked which version was in force. Every intent says so.
TAIL = 5_000
log = structlog.get_logger("hsm")
Report = Callable[..., None]


class PolicyRolledBack(HsmError):
    """The journal knows a newer policy than the store: versions were taken away, or an old store put back."""


class ActivePolicy:
    """Decides by the policy in force. Thread-safe; ``refresh`` looks for a newer one."""

    def __init__(self, database: Database, seals: RowSeals, report: Report = lambda *_, **__: None) -> None:
        self._database = database
        self._seals = seals
        self._report = report
        self._log = Log(database.reader)
        self._policy: BundlePolicy | None = None
        self._said: set[tuple[int, bytes]] = set()
        self._refreshing = threading.Lock()

    def start(self) -> None:
        """Load the newest approved version. Raises PolicyNotApproved, PolicyRolledBack, HsmError."""
        self.refresh()
        if self._policy is None:
            raise PolicyNotApproved(
                "The store has no approved policy: hold the ceremony (python -m hsm ceremony), which keeps"
                " what exists."
            )
        journalled = newest_in_journal(self._log)
        if journalled > self._policy.version:
            raise PolicyRolledBack(
                f"The journal says that version {journalled} of the policy was in force, and the newest"
                f" approved one in the store is {self._policy.version}."
            )

    def refresh(self) -> None:
        """Load a newer version, if there is one that was approved. Raises StoreUnavailable, TokenError."""
        with self._refreshing:
            present = self._policy.version if self._policy else 0
            with self._database.reading() as connection:
                if policy_store.newest_version(connection) <= present:
                    return
                found = policy_store.find_versions(connection, above=present)
            self._log.reload()
            for stored in found:
                bundle = self._checked(stored)
                if bundle is not None:
                    # One reference: whoever decides meanwhile decides by one of the two, whole.
                    self._policy = BundlePolicy(bundle, stored.version)
                    log.info("policy_in_force", version=stored.version, bundle=stored.bundle)
                    self._report("policy.in_force", version=stored.version, bundle=stored.bundle)
                    return

    def note_in_journal(self, ledger: Ledger, *, now: datetime) -> None:
        """Say once in the journal which policy the ceremony began with."""
        with self._database.reading() as connection:
            first = policy_store.find_versions(connection)[-1]
        if first.version == 1 and not first.act and first.leaf_index is None:
            entry = entries.first_policy(now=int(now.timestamp()), bundle=first.bundle)
            leaf = ledger.enter([entry]).first_index
            ledger.enter([], change=lambda connection: policy_store.note_leaf(connection, 1, leaf))

    @property
    def current(self) -> BundlePolicy:
        """The policy now: for a caller that asks more than once and wants one answer."""
        if self._policy is None:
            raise PolicyNotApproved("No policy is in force.")
        return self._policy

    @property
    def version(self) -> int:
        return self.current.version

    def decide(self, question: Question) -> Decision:
        return self.current.decide(question)

    def facts(self, known: KnownCredential) -> CredentialFacts:
        return self.current.facts(known)

    def limits(self, known: KnownCredential, client_id: str) -> tuple[Limit, ...]:
        return self.current.limits(known, client_id)

    def profile(self, name: str) -> KeyProfile:
        """Raises KeyError when the bundle has no such key profile."""
        return self.current.profile(name)

    def find_profile(self, name: str) -> KeyProfile | None:
        return self.current.bundle.profiles.get(name)

    def approved_versions(self) -> list[StoredVersion]:
        """Every version whose approvals hold, newest first. Raises StoreUnavailable, TokenError."""
        with self._database.reading() as connection:
            found = policy_store.find_versions(connection)
        return [one for one in found if one.version <= self.version and self._checked(one) is not None]

    def _checked(self, stored: StoredVersion) -> Bundle | None:
        try:
            with self._database.reading() as connection:
                files = policy_store.find_files(connection, stored.bundle)
            return check_version(stored, files, self._seals, self._read_entry)
        except PolicyNotApproved as error:
            if (stored.version, stored.seal) not in self._said:
                self._said.add((stored.version, stored.seal))
                log.error("policy_not_approved", version=stored.version, detail=error.detail)  # noqa: TRY400
                self._report("policy.not_approved", version=stored.version, error=type(error).__name__)
            return None

    def _read_entry(self, index: int) -> bytes:
        """An entry that is in the tree. Raises JournalError."""
        size, root = self._log.head()
        entry = self._log.entry(index)
        leaf, proof = merkle.leaf_hash(entry), self._log.inclusion_proof(index, size)
        merkle.verify_inclusion(leaf, index, size, proof, root)
        return entry


def newest_in_journal(journal: Log) -> int:
    """The newest version that the journal's last entries say was in force; 0: they don't say."""
    size, _ = journal.head()
    newest = 0
    coming: dict[int, int] = {}
    for index, text in journal.entries(max(0, size - TAIL), TAIL):
        entry = orjson.loads(text)
        newest = max(newest, entry.get("policy", 0))
        if "activates" in entry:
            coming[index] = entry["activates"]["version"]
        for outcome in entry.get("intents", ()):
            if "signature" in outcome:
                newest = max(newest, coming.get(outcome["index"], 0))
    return newest
