"""Throughput with 30,000 credentials in the store ÷ with 10.

Ten seals are made and certified the real way; the others are copies of their rows under ids of their own: as
many rows, look-ups and cache entries as 30,000 make, by ten keys of the token.
Asked over the socket by two threads: the same ten in use; a thousand of them that were used before; and all
of them at random, nearly each for the first time since the start.
"""

import itertools
import os
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from statistics import median

from hsm.client import Approval, Item, KeyProcess
from tests.bench.acts import hash_act
from tests.bench.machine import Meter, Spent
from tests.bench.province import Province
from tests.bench.table import Row, interleaved, ratio_of
from tests.servers.key_process import RunningKeyProcess, client_jws

MANY, FEW, SOME = 30_000, 10, 1_000
THREADS = 2


class Store:
    """A key process with so many credentials."""

    def __init__(self, province: Province, name: str, count: int) -> None:
        self.key_process: RunningKeyProcess = province.own_key_process(name)
        self.key_process.start()
        self._key = self.key_process.register_client("bench")
        self.ids = [province.enrol(self.key_process, "service-seal") for _ in range(FEW)]
        self.ids += _copy(self.key_process, self.ids, count - FEW)
        self._client = KeyProcess(self.key_process.signsvc)
        province.keep(self._client)
        self._random = Random(1)

    def sign(self, ids: Sequence[str], times: int) -> Spent:
        """``times`` signatures by credentials drawn from ``ids``; what one cost."""
        work = []
        for credential in self._random.choices(ids, k=times):
            act, digest = hash_act("bench", credential)
            work.append((act, digest, client_jws(act, self._key)))
        assert self.key_process.process
        share = len(work) // THREADS
        parts = [work[number * share : (number + 1) * share] for number in range(THREADS)]
        processes = {"key process": [self.key_process.process.pid], "client": [os.getpid()]}
        with ThreadPoolExecutor(THREADS) as threads, Meter(processes) as meter:
            # list() raises what a thread raised: a refusal is quick, and must not pass for a signature.
            list(threads.map(self._work, parts))
        spent = meter.spent
        return Spent(spent.wall / times, {name: cpu / times for name, cpu in spent.cpu.items()})

    def _work(self, work: Sequence[tuple[bytes, bytes, Approval]]) -> None:
        for act, digest, approval in work:
            self._client.sign([Item(digest=digest)], act=act, approval=approval)


def _copy(key_process: RunningKeyProcess, ids: Sequence[str], count: int) -> list[str]:
    with sqlite3.connect(key_process.database_url.removeprefix("sqlite:///"), timeout=30) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(credential)")]
        rows = [
            database.execute("SELECT * FROM credential WHERE credential_id = ?", (i,)).fetchone() for i in ids
        ]
        at, holder = columns.index("credential_id"), columns.index("holder")
        copies = []
        for number, row in zip(range(count), itertools.cycle(rows), strict=False):
            copy = list(row)
            copy[at] = f"copy-{number:08d}"
            # The policy asks whose it is, so every copy stays our client's.
            copy[holder] = row[holder]
            copies.append(copy)
        marks = ",".join("?" * len(columns))
        database.executemany(f"INSERT INTO credential VALUES ({marks})", copies)  # noqa: S608
    return [copy[at] for copy in copies]


def measure(province: Province) -> list[Row]:
    """By CPU of the key process, and by wall."""
    few, many = Store(province, "few", FEW), Store(province, "many", MANY)
    times = 400 if province.quick else 1000
    some = many.ids[FEW : FEW + SOME]
    many.sign(some, 3 * SOME)
    found = interleaved(
        province.rounds,
        {
            "few": partial(few.sign, few.ids, times),
            "same": partial(many.sign, many.ids[:FEW], times),
            "some": partial(many.sign, some, times),
            "all": partial(many.sign, many.ids, times),
        },
    )
    for store in (few, many):
        store.key_process.stop()
    cpu = {name: [one.cpu["key process"] for one in measured] for name, measured in found.items()}
    wall = {name: [one.wall for one in measured] for name, measured in found.items()}
    rows = []
    for name, what in (
        ("same", "the same 10 in use"),
        ("some", "1,000 in use that were used before"),
        ("all", "30,000 at random, each for the first time"),
    ):
        for by, measured in (("CPU", cpu), ("wall", wall)):
            note = (
                f"{median(measured['few']) * 1e6:.0f} µs -> {median(measured[name]) * 1e6:.0f} µs "
                "a signature (P-256)"
            )
            ratio = ratio_of(measured["few"], measured[name])
            rows.append(Row(f"30,000 credentials ÷ 10, {what}, by {by}", ratio, ">= 0.97", note))
    return rows
