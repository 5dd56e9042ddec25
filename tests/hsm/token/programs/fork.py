"""Forks with an open token; the child tries everything, then the parent signs. Prints JSON lines."""

import json
import os
import sys
from pathlib import Path

from hsm.algorithms import KeyKind, SignatureAlgorithm
from hsm.errors import HsmError
from hsm.token.token import Token, TokenKeyRef
from tests.servers.softhsm import SoftHsmTokenFactory


def main(root: Path) -> None:
    settings = SoftHsmTokenFactory.below(root).fresh()
    token = Token.open(settings)
    token.generate_token_key("k", KeyKind.P256)
    sys.stdout.flush()
    if (child := os.fork()) == 0:
        acts = {
            "sign": lambda: token.sign(TokenKeyRef("k"), SignatureAlgorithm.ES256, bytes(32)),
            "labels": token.labels,
            "generate": lambda: token.generate_token_key("k2", KeyKind.P256),
            "open": lambda: Token.open(settings),
        }
        for name, act in acts.items():
            try:
                act()
                answer = "done"
            except HsmError as error:
                answer = f"{type(error).__name__} {error.detail}"
            print(json.dumps({"step": f"child: {name}", "answer": answer}), flush=True)
        token.close()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    token.sign(TokenKeyRef("k"), SignatureAlgorithm.ES256, bytes(32))
    print(json.dumps({"step": "parent: sign", "answer": "done" if status == 0 else f"child {status}"}))
    token.close()


main(Path(sys.argv[1]))
