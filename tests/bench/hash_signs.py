"""Hash-signs a second through HTTP, approval, policy and journal ÷ raw C_Sign on two threads.

Granian, Redis, key process and SoftHSM are the real ones; acts and their ``client_jws`` are made in advance.
Two ratios: by wall (the load client takes its share of the same cores) and by CPU (what signing costs on all
our processes ÷ what C_Sign costs: what the wall would be with the client elsewhere).
"""

import json
import secrets
import time
from datetime import UTC, datetime
from functools import partial
from statistics import median
from urllib.parse import urlsplit

from antin.config import load_profile

from hsm.client import ActItem, SignAct, SignatureAlgorithm, new_act_id
from tests.bench.load_client import Load, drive, post
from tests.bench.machine import Meter, Spent, family
from tests.bench.province import Province
from tests.bench.table import Row, interleaved, ratio_of
from tests.servers.key_process import client_jws

ALGORITHMS = {"P-256": SignatureAlgorithm.ES256, "RSA-3072": SignatureAlgorithm.PS256}
AIMS = {
    ("P-256", 1): ">= 0.08",
    ("P-256", 20): ">= 0.45",
    ("RSA-3072", 1): ">= 0.55",
    ("RSA-3072", 20): ">= 0.85",
}
REQUESTS = {("P-256", 1): 1000, ("P-256", 20): 150, ("RSA-3072", 1): 400, ("RSA-3072", 20): 40}
CONNECTIONS = 8


class HashClient:
    """Makes requests in advance, and sends them."""

    def __init__(self, province: Province) -> None:
        self._province = province
        self._client = province.client
        self.address = (
            urlsplit(province.stack.base_url).hostname or "",
            int(urlsplit(province.stack.base_url).port or 0),
        )
        self._antin = load_profile(self._client.config).client()
        province.keep(self._antin)

    def processes(self) -> dict[str, list[int]]:
        stack = self._province.stack
        assert stack.key_process.process
        return {
            "web": family(stack.processes["signsvc"].pid),
            "key process": [stack.key_process.process.pid],
            "redis": [self._province.redis_pid],
        }

    def act(self, kind: str, count: int) -> bytes:
        """An act over random digests."""
        moment = int(datetime.now(UTC).timestamp())
        items = tuple(ActItem(secrets.token_bytes(32), f"MẪU {n}", "dtbsr") for n in range(count))
        credential = self._province.credentials[kind]
        algorithm = ALGORITHMS[kind]
        return SignAct(
            new_act_id(), self._client.client_id, credential, algorithm, items, moment, moment + 600
        ).encode()

    def requests(self, kind: str, count: int, calls: int) -> list[bytes]:
        token, host = self._antin.token().value, f"{self.address[0]}:{self.address[1]}"
        made = []
        for _ in range(calls):
            act = self.act(kind, count)
            approval = client_jws(act, self._client.key)
            body = {"act": act.decode(), "approval": {"kind": approval.kind, "evidence": approval.evidence}}
            made.append(post(host, "/v1/hashes/sign", token, json.dumps(body).encode()))
        return made

    def run(self, kind: str, count: int, calls: int) -> tuple[Load, Spent]:
        """One round."""
        requests = self.requests(kind, count, calls)
        time.sleep(0.2)
        with Meter(self.processes()) as meter:
            load = drive(self.address, requests, connections=CONNECTIONS)
        return load, meter.spent


def measure(province: Province) -> list[Row]:
    """Four ways and their ceilings."""
    client = HashClient(province)
    raw, rows = province.raw_token, []
    for kind in ALGORITHMS:
        found = interleaved(
            province.rounds,
            {
                "raw": partial(raw.sign_raw, kind, threads=2, seconds=1.0),
                "1": lambda kind=kind: client.run(kind, 1, _calls(kind, 1, province)),
                "20": lambda kind=kind: client.run(kind, 20, _calls(kind, 20, province)),
            },
        )
        raw_rates = [rate for rate, _ in found["raw"]]
        raw_cpu = [cpu for _, cpu in found["raw"]]
        for count in (1, 20):
            rows += _rows(kind, count, raw_rates, raw_cpu, found[str(count)])
    rate, _ = raw.sign_raw("RSA-2048", threads=2, seconds=1.0)
    rows.append(
        Row("  raw C_Sign RSA-2048, two threads (no profile has it)", rate, "", "for information", "/s")
    )
    return rows


def _rows(
    kind: str, count: int, raw_rates: list[float], raw_cpu: list[float], runs: list[tuple[Load, Spent]]
) -> list[Row]:
    rates = [load.requests * count / load.wall for load, _ in runs]
    cpu = [spent.total / load.requests / count for load, spent in runs]
    each = {
        name: median(spent.cpu[name] / load.requests * 1e6 for load, spent in runs) for name in runs[0][1].cpu
    }
    own = median(load.own_cpu / load.requests * 1e6 for load, _ in runs)
    p50, p99 = (median(getattr(load, name) for load, _ in runs) for name in ("p50", "p99"))
    shares = " + ".join(f"{name} {micros:.0f}" for name, micros in each.items())
    parts = {
        "us_per_request": each,
        "client_us": own,
        "per_second": median(rates),
        "p50_ms": p50,
        "p99_ms": p99,
    }
    aim, name = AIMS[kind, count], f"hash-sign {kind} ×{count} ÷ raw C_Sign"
    return [
        Row(
            f"{name}, by wall", ratio_of(rates, raw_rates), aim,
            f"{median(rates):.0f}/s ÷ {median(raw_rates):.0f}/s; p50 {p50:.1f}, p99 {p99:.1f} ms; "
            f"the client itself {own:.0f} µs a request",
            parts=parts,
        ),
        Row(
            f"{name}, by CPU", ratio_of(raw_cpu, cpu), aim,
            f"C_Sign {median(raw_cpu) * 1e6:.0f} µs ÷ ours {median(cpu) * 1e6:.0f} µs a signature; "
            f"µs a request: {shares}",
            parts=parts,
        ),
    ]  # fmt: skip


def _calls(kind: str, count: int, province: Province) -> int:
    return REQUESTS[kind, count] // (2 if province.quick else 1)
