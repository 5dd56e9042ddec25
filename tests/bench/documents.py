"""Documents: ours ÷ a resident stock pyHanko, level by level; and what a stamp costs.

Ours is the whole path of signsvc's use cases: the document copied, prepared, kept in the database, approved
by ``client_jws``, signed by the key process over its socket with policy and journal, finished, kept again.
The CPU counted is that of both processes; making the approval is the client's and not counted.
"""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from hsm.client import SignatureAlgorithm
from signsvc.app import build_services
from signsvc.pades.appearance import Appearances, VisibleSignature
from signsvc.pades.font import load_stamp_font
from signsvc.pades.levels import Level
from signsvc.schema.migrate import migrate
from signsvc.services import Services
from signsvc.settings import Settings
from signsvc.store.documents import StoredDocument
from signsvc.usecases.wishes import Wishes
from tests.bench.machine import Meter, Spent
from tests.bench.province import SAMPLES, Province
from tests.bench.stock_pyhanko import StockPyhanko
from tests.bench.table import Row, interleaved, ratio_of
from tests.servers.key_process import client_jws
from tests.signsvc.pades.software_signer import SoftwareSigner, enrol, sign_document

SMALL = (SAMPLES / "phu-luc.pdf", SAMPLES / "quyet-dinh.pdf")
AIMS = {"B-T": ">= 10", "B-LT": ">= 5", "B-LTA": ">= 4.5"}
STAMP_TEXT = "Ký bởi: ỦY BAN NHÂN DÂN TỈNH MẪU\nNgười ký: Nguyễn Văn Mẫu\nThời gian ký: 24/11/2026 08:00:00"


@dataclass(frozen=True)
class Ours:
    """signsvc's use cases in this process."""

    province: Province
    services: Services

    @classmethod
    def open(cls, province: Province) -> "Ours":
        stack, folder = province.stack, province.folder / "ours"
        folder.mkdir()
        settings = Settings(
            issuer=stack.issuer,
            resource=stack.base_url,
            key_process=stack.key_process.signsvc,
            database_url=f"sqlite:///{folder}/signsvc.sqlite3",
            documents_dir=folder / "documents",
            tsa_urls=(province.devca.tsa_url,),
            status_urls=(province.devca.base_url,),
            trust_anchors=stack.directory / "anchors.pem",
            tsa_trust_anchors=stack.directory / "anchors.pem",
            font_cache=folder,
            inspectors=1,
        )
        migrate(settings.database_url)
        made = cls(province, build_services(settings))
        made.services.files.prepare()
        province.keep(made.services)
        return made

    def upload(self, file: Path) -> StoredDocument:
        with self.services.files.receive(1 << 30) as incoming:
            incoming.write(file.read_bytes())
            return self.services.upload("bench", incoming, file.name, now=datetime.now(UTC))

    def sign(
        self,
        kind: str,
        level: str,
        document: StoredDocument,
        times: int,
        visible: VisibleSignature | None = None,
    ) -> Spent:
        """What a document cost; both halves of the path, without the approval between them."""
        key_process = self.province.stack.key_process.process
        assert key_process
        processes = {"signsvc": [os.getpid()], "key process": [key_process.pid]}
        client = self.province.client
        wishes = Wishes(self.province.credentials[kind], Level(level), "Quyết định MẪU", visible=visible)
        with Meter(processes) as first:
            prepared = [
                self.services.prepare(client.client_id, document, wishes, now=datetime.now(UTC))
                for _ in range(times)
            ]
        approvals = [client_jws(one.act, client.key) for one in prepared]
        with Meter(processes) as second:
            for one, approval in zip(prepared, approvals, strict=True):
                self.services.complete(client.client_id, one.id, approval, now=datetime.now(UTC))
        for one in prepared:
            self.services.files.remove(one.id)
        wall = (first.spent.wall + second.spent.wall) / times
        return Spent(wall, {n: (first.spent.cpu[n] + second.spent.cpu[n]) / times for n in processes})


def measure(province: Province) -> list[Row]:
    """Everything about small documents."""
    ours, stock = Ours.open(province), StockPyhanko(province.raw_token, province.devca)
    province.keep(stock)
    documents = {file: ours.upload(file) for file in SMALL}
    _ = province.client, province.credentials
    rows = []
    for kind in ("P-256", "RSA-3072"):
        for file, document in documents.items():
            rows += _baseline(province, ours, stock, kind, file, document)
    rows += _levels(province, ours, stock, SMALL[0], documents[SMALL[0]])
    rows += _stamp(province, ours, documents[SMALL[0]])
    rows += _layer_alone(province, stock)
    rows += _intake(ours, province)
    return rows


def _baseline(
    province: Province, ours: Ours, stock: StockPyhanko, kind: str, file: Path, document: StoredDocument
) -> list[Row]:
    found = interleaved(
        province.rounds,
        {
            "ours": lambda: ours.sign(kind, "B-B", document, 30),
            "stock": lambda: Spent(*_swap(stock.sign(kind, "B-B", file, 6))),
        },
    )
    cpu = {name: [one.total * 1000 for one in measured] for name, measured in found.items()}
    parts = {
        name: median(one.cpu[name] * 1000 for one in found["ours"]) for name in ("signsvc", "key process")
    }
    wall = ratio_of([one.wall for one in found["stock"]], [one.wall for one in found["ours"]])
    return [
        Row(
            f"B-B documents/s a core ÷ stock pyHanko, {kind}, {file.name}",
            ratio_of(cpu["stock"], cpu["ours"]),
            ">= 8",
            f"stock {median(cpu['stock']):.1f} ms; ours {median(cpu['ours']):.2f} ms = "
            f"signsvc {parts['signsvc']:.2f} + key process {parts['key process']:.2f} (by wall {wall:.1f})",
            "×",
            {"stock_ms": median(cpu["stock"]), "ours_ms": parts, "by_wall": wall},
        )
    ]


def _levels(
    province: Province, ours: Ours, stock: StockPyhanko, file: Path, document: StoredDocument
) -> list[Row]:
    rows = []
    for level, aim in AIMS.items():
        found = interleaved(
            province.rounds,
            {
                "ours": partial(ours.sign, "P-256", level, document, 8),
                "stock": lambda level=level: Spent(*_swap(stock.sign("P-256", level, file, 3))),
            },
        )
        ratio = ratio_of([one.total for one in found["stock"]], [one.total for one in found["ours"]])
        web, key = (median(one.cpu[n] * 1000 for one in found["ours"]) for n in ("signsvc", "key process"))
        theirs = median(one.total * 1000 for one in found["stock"])
        note = f"stock {theirs:.1f} ms; ours {web + key:.2f} ms = signsvc {web:.2f} + key process {key:.2f}"
        rows.append(Row(f"{level} signer CPU: stock ÷ ours, revocation cached, P-256", ratio, aim, note, "×"))
    return rows


def _stamp(province: Province, ours: Ours, document: StoredDocument) -> list[Row]:
    seal = (SAMPLES / "con-dau-36mm.png").read_bytes()
    visible = VisibleSignature(1, (20, 20, 320, 130), seal, STAMP_TEXT)
    found = interleaved(
        province.rounds,
        {
            "plain": lambda: ours.sign("P-256", "B-B", document, 30),
            "stamped": lambda: ours.sign("P-256", "B-B", document, 30, visible),
        },
    )
    signer = enrol(province.devca, SignatureAlgorithm.ES256)
    appearances = Appearances(load_stamp_font(ours.services.settings.font, province.folder))
    alone = interleaved(
        province.rounds,
        {
            "plain": lambda: _software(province, signer, 30).total,
            "stamped": lambda: _software(province, signer, 30, visible, appearances).total,
        },
    )
    cpu = {name: [one.total for one in measured] for name, measured in found.items()}
    rows = []
    for name, measured in (("whole path", cpu), ("pades alone", alone)):
        ratio = ratio_of(measured["stamped"], measured["plain"])
        note = f"{median(measured['plain']) * 1000:.2f} -> {median(measured['stamped']) * 1000:.2f} ms"
        rows.append(Row(f"stamped ÷ unstamped CPU (text and image), {name}", ratio, "<= 1.8", note, "×"))
    return rows


def _layer_alone(province: Province, stock: StockPyhanko) -> list[Row]:
    signer = enrol(province.devca, SignatureAlgorithm.ES256)
    found = interleaved(
        province.rounds,
        {
            "ours": lambda: _software(province, signer, 30).total,
            "stock": lambda: stock.sign("P-256", "B-B", SMALL[0], 6)[0],
        },
    )
    note = (
        f"{median(found['ours']) * 1000:.2f} ms: prepare, CMS, embed; key in memory, no approval, no journal"
    )
    return [
        Row(
            "  pades layer alone, stock ÷ ours, P-256", ratio_of(found["stock"], found["ours"]), "", note, "×"
        )
    ]


def _software(
    province: Province,
    signer: SoftwareSigner,
    times: int,
    visible: VisibleSignature | None = None,
    appearances: Appearances | None = None,
) -> Spent:
    path, content = province.folder / "alone.pdf", SMALL[0].read_bytes()
    with Meter({"own": [os.getpid()]}) as meter:
        for _ in range(times):
            path.write_bytes(content)
            sign_document(path, signer, visible=visible, appearances=appearances)
    return Spent(meter.spent.wall / times, {"own": meter.spent.total / times})


def _intake(ours: Ours, province: Province) -> list[Row]:
    walls = {}
    for file in SMALL:
        times = []
        for _ in range(province.rounds):
            began = time.perf_counter()
            ours.upload(file)
            times.append((time.perf_counter() - began) * 1000)
        walls[file.name] = median(times)
    note = ", ".join(f"{name} {wall:.1f} ms" for name, wall in walls.items())
    return [Row("  upload with inspection, wall (not in the above)", max(walls.values()), "", note, " ms")]


def _swap(measured: tuple[float, float]) -> tuple[float, dict[str, float]]:
    cpu, wall = measured
    return wall, {"stock": cpu}
