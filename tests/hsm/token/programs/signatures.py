"""Signs fifty times with one key while OpenSC's pkcs11-spy writes down every call. Prints a JSON line."""

import json
import sys
from pathlib import Path

from hsm.algorithms import KeyKind, SignatureAlgorithm
from hsm.token.token import Token, TokenKeyRef, TokenSettings


def main(spy: Path, label: str, pin_file: Path) -> None:
    token = Token.open(TokenSettings(spy, "softhsm", label, pin_file))
    token.generate_token_key("k", KeyKind.P256)
    digests = [bytes([number]) * 32 for number in range(50)]
    values = {token.sign(TokenKeyRef("k"), SignatureAlgorithm.ES256, digest) for digest in digests}
    print(json.dumps({"step": "signatures", "answer": len(values)}))
    token.close()


main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
