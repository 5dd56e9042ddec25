"""100,000 signatures on four threads on the token package, every one verified: how many errors?

``python -m tests.bench.token_threads FOLDER COUNT`` in a process of its own.
"""

import json
import sys
import threading
import time
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm.acts.verify_signature import verify_signature
from hsm.algorithms import SignatureAlgorithm
from hsm.token.token import Token, TokenKeyRef
from tests.bench.province import Province
from tests.bench.raw_token import token_settings
from tests.bench.table import Row

THREADS = 4


def measure(province: Province) -> list[Row]:
    """Errors, and the rate."""
    count = 10_000 if province.quick else 100_000
    token = province.raw_token
    done = json.loads(token.run("tests.bench.token_threads", str(token.folder), str(count)).stdout)
    note = f"{count / done['seconds']:.0f} signatures/s, each verified (P-256)"
    return [Row(f"errors in {done['signed']} signatures, {THREADS} threads", done["errors"], "<= 0", note)]


def main() -> None:
    """Print what happened as JSON."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    token = Token.open(token_settings(folder))
    public = load_der_public_key(token.find_public_key("P-256") or b"")
    errors: list[str] = []
    signed = [0] * THREADS

    def work(number: int) -> None:
        for turn in range(count // THREADS):
            digest = (number * count + turn).to_bytes(32, "big")
            try:
                value = token.sign(TokenKeyRef("P-256"), SignatureAlgorithm.ES256, digest)
                verify_signature(public, SignatureAlgorithm.ES256, value, digest)
                signed[number] += 1
            except Exception as error:  # noqa: BLE001 -- counting them is the measure
                errors.append(repr(error))

    began = time.perf_counter()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    token.close()
    print(json.dumps({"signed": sum(signed), "errors": len(errors), "first": errors[:3], "seconds": seconds}))


if __name__ == "__main__":
    main()
