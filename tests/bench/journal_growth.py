"""The journal from 10³ to 10⁶ leaves: an append costs the same, a proof grows by the logarithm.

A log of each size, on SQLite as the key process opens it, measured in turns. An append is one durable
transaction of one leaf; a proof is of a random leaf of a log opened afresh: tiles come from the database.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median

from hsm.database import Database
from hsm.journal.log import Log
from hsm.schema.migrate import migrate
from tests.bench.province import Province
from tests.bench.table import Row, interleaved, ratio_of

BATCH = 4000
APPENDS, PROOFS = 60, 20


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU microseconds, and the hashes of a proof."""

    append: float
    proof: float
    hashes: float


@dataclass(frozen=True)
class Journal:
    """One log and its store."""

    file: Path
    database: Database
    log: Log
    random: Random

    @classmethod
    def of(cls, folder: Path, size: int) -> "Journal":
        file = folder / f"journal-{size}.sqlite3"
        migrate(f"sqlite:///{file}")
        database = Database(f"sqlite:///{file}")
        made = cls(file, database, _open(database), Random(size))
        for start in range(0, size, BATCH):
            made.append([_entry(number) for number in range(start, min(size, start + BATCH))])
        return made

    def append(self, entries: list[bytes]) -> None:
        with self.database.writing() as connection:
            staged = self.log.stage(connection, entries)
        self.log.adopt(staged)

    def measure(self) -> Cost:
        """A round."""
        appends, proofs, hashes = [], [], []
        for number in range(APPENDS):
            began = time.thread_time()
            self.append([_entry(number)])
            appends.append((time.thread_time() - began) * 1e6)
        for _ in range(PROOFS):
            log = _open(self.database)
            size = log.head()[0]
            leaf = self.random.randrange(size)
            began = time.thread_time()
            proof = log.inclusion_proof(leaf, size)
            proofs.append((time.thread_time() - began) * 1e6)
            hashes.append(len(proof))
        return Cost(median(appends), median(proofs), median(hashes))


def measure(province: Province) -> list[Row]:
    """The largest ÷ the smallest."""
    sizes = [10**3, 10**4, 10**5] + ([] if province.quick else [10**6])
    journals = {size: Journal.of(province.folder, size) for size in sizes}
    found = interleaved(province.rounds, {str(size): journal.measure for size, journal in journals.items()})
    for journal in journals.values():
        journal.database.close()
    first, last = found[str(sizes[0])], found[str(sizes[-1])]
    appends = ratio_of([one.append for one in last], [one.append for one in first])
    proofs = ratio_of([one.proof for one in last], [one.proof for one in first])
    hashes = ratio_of([one.hashes for one in last], [one.hashes for one in first])
    cost = {size: [median(getattr(one, part) for one in found[str(size)]) for part in Cost.__slots__]
            for size in sizes}  # fmt: skip
    appended = ", ".join(f"{size:,}: {append:.0f}" for size, (append, _, _) in cost.items())
    proved = ", ".join(
        f"{size:,}: {proof:.0f} µs, {count:.0f} hashes" for size, (_, proof, count) in cost.items()
    )
    mebibytes = journals[sizes[-1]].file.stat().st_size / 2**20
    return [
        Row(
            f"journal: append at {sizes[-1]:,} ÷ at {sizes[0]:,} leaves", appends, "<= 1.2",
            f"{appended} µs of CPU (one leaf, one transaction)", "×",
        ),
        Row("journal: proof, the same, tiles from disk", proofs, "<= 2.5", proved, "×"),
        Row("  hashes in a proof, the same", hashes, "<= 2.2", f"file {mebibytes:.0f} MiB", "×"),
    ]  # fmt: skip


def _open(database: Database) -> Log:
    log = Log(database.reader)
    with database.reading() as connection:
        log.open(connection)
    return log


def _entry(number: int) -> bytes:
    return b'{"act":"%064x","position":0,"time":1790000000,"type":"intent"}' % number + b" " * 420
