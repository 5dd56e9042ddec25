"""Stock pyHanko, resident: its own PKCS#11 signer, CMS, time-stamper and validation context.

``python -m tests.bench.stock_pyhanko TOKEN_FOLDER CONFIGURATION`` answers lines of JSON on its standard input
(``{"kind", "level", "file", "times"}``) with the CPU and wall seconds that the signatures took. Session,
key handle, event loop, HTTP connection and revocation answers are kept between signatures.
"""

import asyncio
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from pyhanko.config.pkcs11 import TokenCriteria
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps.aiohttp_client import AIOHttpTimeStamper
from pyhanko_certvalidator import ValidationContext

from hsm.token.provision import SOFTHSM
from tests.bench.raw_token import LABEL, RawToken


class StockPyhanko:
    """The resident loop, driven from outside."""

    def __init__(self, token: RawToken, devca: Any) -> None:
        chains = token.folder / "stock.json"
        chains.write_text(json.dumps({"chains": token.chains, "root": devca.root_pem, "tsa": devca.tsa_url}))
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(token.folder), str(chains)],
            env=token.environment, cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def sign(self, kind: str, level: str, file: Path, times: int) -> tuple[float, float]:
        """CPU and wall seconds a signature."""
        assert self._process.stdin
        assert self._process.stdout
        order = {"kind": kind, "level": level, "file": str(file), "times": times}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("stock pyHanko ended; its error is above")
        cpu, wall = json.loads(answer)
        return cpu / times, wall / times

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(20)


class _Loop:
    def __init__(self, folder: Path, configuration: dict[str, Any]) -> None:
        self._tsa = configuration["tsa"]
        self._root = asn1_x509.Certificate.load(pem.unarmor(configuration["root"].encode())[2])
        pin = (folder / "pin").read_text()
        session = open_pkcs11_session(str(SOFTHSM), token_criteria=TokenCriteria(label=LABEL), user_pin=pin)
        self._signers = {}
        for kind, chain in configuration["chains"].items():
            parsed = [asn1_x509.Certificate.load(pem.unarmor(text.encode())[2]) for text in chain]
            self._signers[kind] = PKCS11Signer(
                session, key_label=kind, signing_cert=parsed[0], ca_chain=parsed[1:],
                prefer_pss=kind.startswith("RSA"), use_raw_mechanism=kind == "P-256",
            )  # fmt: skip
        self._made: dict[tuple[str, str], PdfSigner] = {}

    async def run(self) -> None:
        async with aiohttp.ClientSession() as http:
            for line in sys.stdin:
                order = json.loads(line)
                signer = self._signer(order["kind"], order["level"], http)
                document = Path(order["file"]).read_bytes()
                clock, cpu = time.perf_counter(), time.process_time()
                for _ in range(order["times"]):
                    await signer.async_sign_pdf(
                        IncrementalPdfFileWriter(io.BytesIO(document)), output=io.BytesIO()
                    )
                print(json.dumps([time.process_time() - cpu, time.perf_counter() - clock]), flush=True)
        # The validation contexts keep HTTP sessions that nobody can close, and aiohttp would complain.
        os._exit(0)

    def _signer(self, kind: str, level: str, http: aiohttp.ClientSession) -> PdfSigner:
        if (kind, level) not in self._made:
            long_term = level in ("B-LT", "B-LTA")
            context = ValidationContext(trust_roots=[self._root], allow_fetching=True)
            meta = PdfSignatureMetadata(
                field_name="Signature1",
                subfilter=SigSeedSubFilter.PADES,
                md_algorithm="sha256",
                embed_validation_info=long_term,
                use_pades_lta=level == "B-LTA",
                validation_context=context if long_term else None,
            )
            stamper = AIOHttpTimeStamper(self._tsa, session=http) if level != "B-B" else None
            self._made[kind, level] = PdfSigner(meta, self._signers[kind], timestamper=stamper)
        return self._made[kind, level]


if __name__ == "__main__":
    asyncio.run(_Loop(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())).run())
