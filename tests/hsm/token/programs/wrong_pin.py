"""Opens and uses a token with a wrong PIN again and again, then puts the right one in the file.

The module is OpenSC's pkcs11-spy, which writes every call to a log. Prints JSON lines.
"""

import json
import sys
import threading
import time
from pathlib import Path

from hsm.algorithms import KeyKind, SignatureAlgorithm
from hsm.errors import HsmError
from hsm.token.token import Token, TokenKeyRef, TokenSettings
from tests.servers.softhsm import PIN


def main(spy: Path, label: str, pin_file: Path) -> None:
    settings = TokenSettings(spy, "softhsm", label, pin_file, retry_after=0.05)
    good = Token.open(settings)
    good.make_canary()
    good.generate_token_key("k", KeyKind.P256)
    print(json.dumps({"step": "opened", "answer": good.healthy()}), flush=True)
    pin_file.write_text("wrong-pin-1234\n")
    good._module.begin_epoch(good._module.epoch, timeout=5)  # as after a loss: log in again

    def use() -> None:
        for _ in range(5):
            try:
                good.sign(TokenKeyRef("k"), SignatureAlgorithm.ES256, bytes(32))
                answer = "signed"
            except HsmError as error:
                answer = type(error).__name__
            sys.stdout.write(
                json.dumps({"step": "wrong", "answer": answer}) + "\n"
            )  # print would mix threads
            good.healthy()
            time.sleep(0.06)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"step": "spy", "answer": "wrong PIN over"}), flush=True)
    pin_file.write_text(PIN)
    time.sleep(0.1)
    good.sign(TokenKeyRef("k"), SignatureAlgorithm.ES256, bytes(32))
    print(json.dumps({"step": "right", "answer": "signed"}), flush=True)
    good.close()


main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
