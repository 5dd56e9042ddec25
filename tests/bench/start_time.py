"""Cold start: from the key process's exec to its first approved, journalled signature."""

import time
from statistics import median

from joserfc.jwk import ECKey

from hsm.client import Item, KeyProcess
from tests.bench.acts import hash_act
from tests.bench.province import Province
from tests.bench.table import Row
from tests.servers.key_process import RunningKeyProcess, client_jws


def measure(province: Province) -> list[Row]:
    """Seconds, on a key process with one credential."""
    key_process = province.own_key_process("start")
    key_process.start()
    key = key_process.register_client("bench")
    credential = province.enrol(key_process, "service-seal")
    times = [_start(key_process, credential, key) for _ in range(3 if province.quick else 5)]
    key_process.stop()
    ready, first = (median(column) for column in zip(*times, strict=True))
    note = f"ready after {ready:.2f} s (asked every 50 ms); exec, imports, token, log in, journal, listener"
    return [Row("start of the key process to its first signature", first, "<= 1.5", note, " s")]


def _start(key_process: RunningKeyProcess, credential: str, key: ECKey) -> tuple[float, float]:
    key_process.stop()
    made, digest = hash_act("bench", credential)
    approval = client_jws(made, key)
    began = time.perf_counter()
    key_process.start()
    ready = time.perf_counter() - began
    client = KeyProcess(key_process.signsvc)
    client.sign([Item(digest=digest)], act=made, approval=approval)
    first = time.perf_counter() - began
    client.close()
    return ready, first
