"""The journal as an instrument: an append with its receipt, publishing, witnessing, finding uses, events.

Checkpoints are sealed by an Ed25519 key in memory; the token's own time for one is a measure beside it.
"""

import sys
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median, quantiles

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hsm.acts import entries
from hsm.acts.act import ActItem
from hsm.acts.ledger import Ledger
from hsm.database import Database
from hsm.journal.checkpoint import checkpoint_body, format_note, verifier_key
from hsm.journal.log import Log
from hsm.journal.publish import Publisher
from hsm.journal.uses import Uses
from hsm.schema.migrate import migrate
from hsm.siem.destinations import open_destination
from hsm.siem.feed import Feed
from tests.bench.province import Province
from tests.bench.table import Row

sys.path.insert(0, str(Path(__file__).parents[2] / "clients" / "witness"))

ORIGIN = "antin.example/journal"
SIZE, QUICK_SIZE = 100_000, 10_000
A_SECOND = 70  # leaves a second at the province's peak: 35 signatures, intent and outcome


class Instrument:
    """A journal of ``size`` leaves on SQLite, as the key process opens it, with what hangs on it."""

    def __init__(self, folder: Path, size: int) -> None:
        migrate(f"sqlite:///{folder}/instrument.sqlite3")
        self.folder = folder
        self.database = Database(f"sqlite:///{folder}/instrument.sqlite3")
        self.log = Log(self.database.reader)
        self.log.reload()
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes_raw()
        self.ledger = Ledger(self.database, self.log, self.seal)
        verifier = verifier_key(ORIGIN, self.public)
        self.publisher = Publisher(folder / "published", Log(self.database.reader), self.seal, verifier)
        self.uses = Uses(self.database)
        self.numbers = count()
        while self.log.head()[0] < size:
            self.grow(4000)

    def seal(self, size: int, root: bytes) -> str:
        body = checkpoint_body(ORIGIN, size, root)
        return format_note(body, ORIGIN, self.public, self.key.sign(body.encode()))

    def grow(self, leaves: int) -> None:
        self.ledger.enter([self.entry() for _ in range(leaves)])

    def entry(self) -> bytes:
        number = next(self.numbers)
        if number % 2:
            return entries.succeeded(now=1_790_000_000, signatures=[(number - 1, b"x")])[0]
        item = ActItem(number.to_bytes(32, "big"), "", "prepared")
        return entries.signing_intent(
            now=1_790_000_000, act_digest=bytes(32), credential_id=f"credential-{number % 200 // 2}",
            client_id="one-stop", algorithm="ES256", item=item, position=0, to_be_signed=bytes(32),
            approval_kind="client_jws", approval_digest=bytes(32), rules=("service-seal",), policy=1,
            asked={"approvers": 1, "content": "prepared", "act_seconds": 300, "document_kind": "document",
                   "about": {"purpose": "service", "algorithm": "ES256", "state": "active",
                             "profile": "service-seal"}},
        )  # fmt: skip

    def close(self) -> None:
        self.ledger.close()
        self.publisher.close()
        self.database.close()


def measure(province: Province) -> list[Row]:
    size = QUICK_SIZE if province.quick else SIZE
    instrument = Instrument(province.folder, size)
    try:
        return [
            *_appends(instrument, 200 if province.quick else 1000),
            *_publishing(instrument, size),
            *_reading(instrument),
            *_events(province.folder),
        ]
    finally:
        instrument.close()


def _appends(instrument: Instrument, number: int) -> list[Row]:
    def alone() -> list[float]:
        return [
            _took(lambda: instrument.ledger.enter([instrument.entry()], with_proofs=True))
            for _ in range(number)
        ]

    plain = [_took(lambda: instrument.ledger.enter([instrument.entry()])) for _ in range(number)]
    receipts = alone()
    together: list[float] = []
    threads = [threading.Thread(target=lambda: together.extend(alone())) for _ in range(8)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(together) / (time.perf_counter() - began)
    return [
        Row("journal: append with receipt, p50", median(receipts), unit=" ms", note=_spread(receipts)),
        Row("  without a receipt, p50", median(plain), unit=" ms", note=_spread(plain)),
        Row("  with receipt, 8 at once, p50", median(together), unit=" ms",
            note=f"{_spread(together)}; {rate:.0f}/s"),
    ]  # fmt: skip


def _publishing(instrument: Instrument, size: int) -> list[Row]:
    first = _cost(instrument.publisher.publish)
    rows = [
        Row(
            f"journal: first publication of {size:,} leaves",
            first[0],
            unit=" ms",
            note=f"{first[1]:.0f} ms CPU",
        )
    ]
    for leaves in (A_SECOND, 2000):
        costs = []
        for _ in range(20):
            instrument.grow(leaves)
            costs.append(_cost(instrument.publisher.publish))
        processor = median(cpu for _, cpu in costs)
        rows.append(
            Row(f"  publishing {leaves:,} new leaves, CPU", processor, unit=" ms",
                note=f"wall {_spread([wall for wall, _ in costs])}")
        )  # fmt: skip
    return rows


def _reading(instrument: Instrument) -> list[Row]:
    from witness.folder import Folder  # noqa: PLC0415 -- a program of its own
    from witness.note import LOG_KEY, parse_verifier_key  # noqa: PLC0415
    from witness.observe import Witness  # noqa: PLC0415
    from witness.source import FolderSource  # noqa: PLC0415

    folder = Folder(instrument.folder / "witness")
    folder.create("witness.example/bench")
    key = parse_verifier_key(verifier_key(ORIGIN, instrument.public), LOG_KEY)
    witness = Witness(folder, FolderSource(instrument.folder / "published"), key)
    whole = _cost(lambda: witness.observe(now=1_790_000_000))
    steps = []
    for number in range(10):
        instrument.grow(A_SECOND)
        instrument.publisher.publish()
        moment = 1_790_000_001 + number
        steps.append(_cost(lambda moment=moment: witness.observe(now=moment)))
    size = instrument.log.head()[0]
    index = _cost(instrument.uses.catch_up)
    finds = [_took(lambda: instrument.uses.find("credential-7", 0, 100)) for _ in range(20)]
    return [
        Row(f"witness: {A_SECOND} new leaves, every entry hashed, CPU",
            median(cpu for _, cpu in steps), unit=" ms",
            note=f"wall {_spread([wall for wall, _ in steps])}; the whole log once: {whole[0]:.0f} ms"),
        Row("uses: leaves indexed a second", size / index[0] * 1000, unit="/s", note=f"{size:,} leaves"),
        Row("  100 uses of one key found", median(finds), unit=" ms", note=_spread(finds)),
    ]  # fmt: skip


def _events(folder: Path) -> list[Row]:
    feed = Feed([open_destination(f"file:{folder}/events.jsonl")])
    number = 5000
    began = time.perf_counter()
    for index in range(number):
        feed.report("sign.done", caller="signsvc", credential="c" * 32, client="one-stop", act="a" * 64,
                    count=1, leaf_index=index)  # fmt: skip
    took = (time.perf_counter() - began) / number * 1e6
    feed.close()
    return [Row("security events: what one costs the act", took, unit=" µs")]


def _took(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _cost(act: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU milliseconds of this thread."""
    began, cpu = time.perf_counter(), time.thread_time()
    act()
    return (time.perf_counter() - began) * 1000, (time.thread_time() - cpu) * 1000


def _spread(values: list[float]) -> str:
    hundredths = quantiles(values, n=100)
    return f"p50 {hundredths[49]:.1f}, p99 {hundredths[98]:.1f} ms"
