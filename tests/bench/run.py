"""``make bench``: every measure in one run, one table, each number beside its aim.

    python tests/bench/run.py [--quick] [--only NAME]… [--json FILE]

Ratios are between things that took turns in this run, so they mean the same on every machine; seconds do not.
"""

import argparse
import importlib
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

# Run as a file: its own folder must not be where imports are looked for.
sys.path[0] = str(Path(__file__).parents[2])

from tests.bench.machine import load, processor, real_cores  # noqa: E402
from tests.bench.province import Province  # noqa: E402
from tests.bench.table import Row, show, write_json  # noqa: E402

MEASURES = {
    "documents": "B-B, levels and stamps ÷ stock pyHanko",
    "hash_signs": "hash-signs through HTTP ÷ raw C_Sign",
    "csc": "SADs issued and redeemed through the CSC API",
    "large_file": "a 100 MB document",
    "approvals": "approvals verified a second",
    "many_credentials": "30,000 credentials ÷ 10",
    "journal_growth": "the journal from 10³ to 10⁶ leaves",
    "token_threads": "100,000 signatures on four threads",
    "policy": "a decision with 10 to 1,000 rules, a rehearsal of a million",
    "instrument": "the journal as an instrument",
    "start_time": "start to first signature",
    "login_storm": "password logins ÷ raw argon2id, and /token in a storm of them",
    "one_login": "logins, tokens and refreshes beside npm oidc-provider and Keycloak",
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure; prints one table of ratios.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller sizes")
    parser.add_argument("--only", action="append", choices=MEASURES, help="this measure only (repeatable)")
    parser.add_argument("--json", type=Path, help="write everything to this file too")
    parser.add_argument("--web-workers", type=int, default=1, help="Granian workers of signsvc (default 1)")
    arguments = parser.parse_args()

    cores = real_cores()
    facts = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": processor(),
        "real_cores": round(cores, 2),
        "load_before": load(),
        "quick": arguments.quick,
    }
    print(f"{facts['processor']}: {cores:.2f} real cores, load {load():.2f}", flush=True)
    rows: list[Row] = []
    failed = []
    province = Province(quick=arguments.quick, web_workers=arguments.web_workers)
    try:
        for name in arguments.only or MEASURES:
            began = time.perf_counter()
            try:
                rows += importlib.import_module(f"tests.bench.{name}").measure(province)
            except Exception:  # noqa: BLE001 -- the other measures are still wanted
                traceback.print_exc()
                failed.append(name)
            took = time.perf_counter() - began
            print(f"{name}: {MEASURES[name]}: {took:.0f} s, load {load():.2f}", flush=True)
    finally:
        province.close()
    facts["load_after"] = load()
    head = (
        f"{facts['processor']}, {cores:.2f} real cores, load {facts['load_before']:.2f} before and "
        f"{facts['load_after']:.2f} after, {facts['at']}{', quick' if arguments.quick else ''}"
    )
    show(rows, head)
    if arguments.json:
        write_json(rows, facts, arguments.json)
    for name in failed:
        print(f"FAILED: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
