"""certomancer-csc-dummy, the CSC server that pyHanko's own client is tested with, as its own process.

It wants other versions of packages than we do, so it lives in an environment of its own, ``build/csc-dummy``,
installed once from ``csc-dummy.lock`` with the hashes checked.
"""

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.servers.stack import free_port

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "csc-dummy"
STARTS_WITHIN = 30.0
CREDENTIAL = "mau/signer"
SCAL = "2"

CONFIGURATION = """
external-url-prefix: "http://127.0.0.1"
keysets:
  mau:
    path-prefix: {keys}
    keys:
      root: {{path: root.pem}}
      signer: {{path: signer.pem}}
pki-architectures:
  mau:
    keyset: mau
    entities:
      root: {{common-name: Root, organization-name: Sample, country-name: VN}}
      signer: {{common-name: Signer, organization-name: Sample, country-name: VN}}
    certs:
      root:
        subject: root
        issuer: root
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2100-01-01T00:00:00+0000"}}
        extensions:
          - id: basic_constraints
            critical: true
            value: {{ca: true}}
      signer:
        subject: signer
        issuer: root
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2100-01-01T00:00:00+0000"}}
        extensions:
          - id: key_usage
            critical: true
            smart-value: {{schema: key-usage, params: [digital_signature, non_repudiation]}}
"""


def install() -> Path:
    """The environment's Python. Raises CalledProcessError with the installer's own words."""
    lock = HERE / "csc-dummy.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp, python = BUILD / ".installed-from", BUILD / "bin" / "python"
    if stamp.exists() and stamp.read_text() == digest and python.exists():
        return python
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, BUILD], check=True)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", lock], check=True
    )
    stamp.write_text(digest)
    return python


@pytest.fixture(scope="session")
def csc_dummy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address. One credential, ``CREDENTIAL``; SADs are bound to hashes."""
    directory = tmp_path_factory.mktemp("csc-dummy")
    for name in ("root", "signer"):
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (directory / f"{name}.pem").write_bytes(pem)
    configuration = directory / "certomancer.yml"
    configuration.write_text(CONFIGURATION.format(keys=directory))
    port = free_port()
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", install(), "-m", "csc_dummy", configuration, str(port), SCAL],
            cwd=directory, stdout=log, stderr=log,
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + STARTS_WITHIN
    try:
        while True:
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(
                    f"certomancer-csc-dummy did not start:\n{(directory / 'log').read_text()[-2000:]}"
                )
            try:
                httpx.get(f"{address}/info", timeout=2, trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)
