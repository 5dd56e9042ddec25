"""Signs while SoftHSM's directory is taken away and brought back. Prints one JSON line a step."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hsm.algorithms import KeyKind, SignatureAlgorithm
from hsm.errors import HsmError
from hsm.token.token import Token, TokenKeyRef, WrappedKeyRef
from tests.servers.softhsm import SoftHsmTokenFactory

ES256 = SignatureAlgorithm.ES256


def said(step: str, act: Callable[[], object]) -> None:
    """Print what ``act`` answers: a value's type, or the class of its error."""
    try:
        answer = act()
    except HsmError as error:
        print(json.dumps({"step": step, "answer": type(error).__name__, "detail": error.detail}))
    else:
        shown = answer if isinstance(answer, bool) else type(answer).__name__
        print(json.dumps({"step": step, "answer": shown}))


def main(root: Path) -> None:
    factory = SoftHsmTokenFactory.below(root)
    token = Token.open(replace(factory.fresh(), retry_after=0.3))
    token.make_canary()
    token.generate_kek("kek")
    token.generate_token_key("used", KeyKind.P256)
    token.generate_token_key("unused", KeyKind.P256)
    blob = token.generate_wrapped_key("kek", KeyKind.P256).blob

    steps: dict[str, Callable[[], object]] = {
        "sign": lambda: token.sign(TokenKeyRef("used"), ES256, bytes(32)),
        "sign, never found before": lambda: token.sign(TokenKeyRef("unused"), ES256, bytes(32)),
        "sign, no such key": lambda: token.sign(TokenKeyRef("nobody's"), ES256, bytes(32)),
        "sign wrapped": lambda: token.sign(WrappedKeyRef("kek", blob), ES256, bytes(32)),
        "find": lambda: token.find_public_key("used"),
        "find nothing": lambda: token.find_public_key("nobody's"),
        "labels": token.labels,
        "destroy": lambda: token.destroy_token_key("nobody's"),
        "healthy": token.healthy,
    }
    said("before: sign", steps["sign"])
    factory.tokens.rename(root / "elsewhere")
    for round_ in range(2):
        for name, act in steps.items():
            said(f"away {round_}: {name}", act)
            if round_:
                time.sleep(0.35)  # the circuit closed again: the token itself is asked
    (root / "elsewhere").rename(factory.tokens)
    time.sleep(0.35)
    for name, act in steps.items():
        said(f"back: {name}", act)
    print(json.dumps({"step": "stats", "answer": token.stats().reinitialisations}))
    token.close()


main(Path(sys.argv[1]))
