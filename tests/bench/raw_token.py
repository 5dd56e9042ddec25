"""A SoftHSM token like the key process's, without the key process: for raw C_Sign and for stock pyHanko.

``python -m tests.bench.raw_token`` makes the keys, in a process of its own: SOFTHSM2_CONF counts when the
module is loaded.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hsm.algorithms import KeyKind, SignatureAlgorithm
from hsm.enrol.csr import build_csr
from hsm.token.provision import SOFTHSM, make_softhsm_token, write_softhsm_conf
from hsm.token.token import Token, TokenKeyRef, TokenSettings

LABEL = "bench"
KINDS = {
    "P-256": (KeyKind.P256, SignatureAlgorithm.ES256),
    "RSA-3072": (KeyKind.RSA3072, SignatureAlgorithm.PS256),
    "RSA-2048": (KeyKind.RSA2048, SignatureAlgorithm.RS256),
}
HERE = Path(__file__).parent


@dataclass(frozen=True)
class RawToken:
    """``chains``: PEM certificates by kind of key, signer first. RSA-2048 has none: no profile has it."""

    folder: Path
    chains: dict[str, list[str]]

    @classmethod
    def make(cls, folder: Path, devca: Any) -> "RawToken":
        """Raises CalledProcessError."""
        folder.mkdir(parents=True)
        for name in ("pin", "so-pin"):
            (folder / name).write_text("pin-of-a-benchmark-4815")
        write_softhsm_conf(folder / "softhsm2.conf", folder / "tokens")
        make_softhsm_token(
            folder / "softhsm2.conf", LABEL, so_pin_file=folder / "so-pin", pin_file=folder / "pin"
        )
        made = cls(folder, {})
        requests = json.loads(made.run("tests.bench.raw_token", str(folder)).stdout)
        made.chains.update({kind: devca.issue(csr, "organisation-seal") for kind, csr in requests.items()})
        return made

    @property
    def environment(self) -> dict[str, str]:
        """For a process that loads the module."""
        return {**os.environ, "SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    @property
    def pin(self) -> str:
        return (self.folder / "pin").read_text()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A Python module with this token."""
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=HERE.parents[1], check=True, stdout=subprocess.PIPE, text=True
        )

    @cached_property
    def _program(self) -> Path:
        compiler = shutil.which("gcc")
        if compiler is None:
            raise SystemExit("gcc is missing (raw C_Sign is a C program): apt-get install gcc libc6-dev")
        program = self.folder / "raw_sign"
        source = str(HERE / "raw_sign.c")
        subprocess.run([compiler, "-O2", "-o", str(program), source, "-ldl", "-lpthread"], check=True)
        return program

    def sign_raw(self, kind: str, *, threads: int, seconds: float) -> tuple[float, float]:
        """C_SignInit and C_Sign in a loop: signatures a second, and CPU seconds a signature."""
        arguments = [str(SOFTHSM), self.pin, kind, str(threads), str(seconds)]
        done = subprocess.run(
            [str(self._program), *arguments],
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        signs, wall, cpu = map(float, done.stdout.split())
        return signs / wall, cpu / signs


def token_settings(folder: Path) -> TokenSettings:
    """How our token package opens it."""
    return TokenSettings(module=SOFTHSM, vendor="softhsm", token_label=LABEL, pin_file=folder / "pin")


def main() -> None:
    """Make a key of each kind; print the certification requests as JSON."""
    token = Token.open(token_settings(Path(sys.argv[1])))
    token.make_canary()
    requests = {}
    for label, (kind, algorithm) in KINDS.items():
        spki = token.generate_token_key(label, kind)
        if kind is not KeyKind.RSA2048:
            requests[label] = build_csr(
                {"CN": "MẪU - so sánh", "O": "Cơ quan MẪU", "C": "VN"}, spki, algorithm,
                lambda digest, at=label, by=algorithm: token.sign(TokenKeyRef(at), by, digest),
            )  # fmt: skip
    token.close()
    print(json.dumps(requests))


if __name__ == "__main__":
    main()
