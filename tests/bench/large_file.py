"""A document of 100 MB: wall ÷ one SHA-256 pass over it, and how much more memory the peak takes.

The file is the scanned sample's pages over and over, each image with a comment of its own, so that none is
another's. Signing in place runs in a process of its own (``python -m tests.bench.large_file FILE ROUNDS``),
warmed up on a small document, because a process's memory peak is its whole life's. Through HTTP it is for
information: the SDK uploads, checks, approves, downloads and verifies.
"""

import hashlib
import json
import mmap
import os
import secrets
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pikepdf
from antin.config import load_profile
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.cms import CmsTemplate, make_template
from signsvc.pades.prepare import Prepared, SignatureRequest, embed, prepare, undo
from tests.bench.machine import load
from tests.bench.province import SAMPLES, Province
from tests.bench.table import Row, ratio_of

SIZE = 100_000_000
SMALL = SAMPLES / "phu-luc.pdf"


def make_scans(path: Path, size: int) -> int:
    """Write a PDF of at least ``size`` bytes; the number of its pages."""
    with pikepdf.open(SAMPLES / "ban-quet.pdf") as scans, pikepdf.new() as made:
        written = 0
        while written < size:
            for page in scans.pages:
                made.pages.append(page)
                copy = made.pages[-1]
                images = pikepdf.Dictionary()
                for name, image in copy.Resources.XObject.items():
                    stream = made.make_stream(_marked(image.read_raw_bytes()))
                    for key in image.keys():  # noqa: SIM118 -- an object of pikepdf, not a dictionary
                        if key != "/Length":
                            stream[key] = image[key]
                    images[name] = stream
                    written += len(stream.read_raw_bytes())
                copy.Resources = pikepdf.Dictionary(XObject=images)
        made.save(path, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
        return len(made.pages)


def _marked(jpeg: bytes) -> bytes:
    assert jpeg[:2] == b"\xff\xd8", "the scanned sample holds JPEG images"
    return jpeg[:2] + b"\xff\xfe\x00\x12" + secrets.token_bytes(16) + jpeg[2:]


def measure(province: Province) -> list[Row]:
    """In place, then through HTTP."""
    path = province.folder / "large.pdf"
    pages = make_scans(path, SIZE)
    megabytes = path.stat().st_size / 1e6
    chain = province.folder / "large-chain.json"
    chain.write_text(json.dumps(province.raw_token.chains["P-256"]))
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(path), str(province.rounds), str(chain)],
        cwd=Path(__file__).parents[2], check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    one_pass = median(found["pass"]) * 1000
    note = (
        f"{megabytes:.0f} MB, {pages} pages: {median(found['sign']) * 1000:.0f} ms ÷ {one_pass:.0f} ms; "
        f"prepare, sign, embed, fsync"
    )
    ratio = ratio_of(found["sign"], found["pass"])
    rows = [
        Row("100 MB in place: wall ÷ one SHA-256 pass", ratio, "<= 1.6", note, "×"),
        Row(
            "100 MB in place: extra peak memory", max(found["extra"]) / 2**20, "<= 16",
            f"{median(found['base']) / 2**20:.0f} MiB before, mapped pages counted", " MiB",
        ),
    ]  # fmt: skip
    return rows + _through_http(province, path, one_pass)


def _through_http(province: Province, path: Path, one_pass: float) -> list[Row]:
    client = load_profile(province.client.config).client()
    province.keep(client)
    ways = {"prepare, approve, complete": client.sign_document, "POST /v1/sign": client.sign_in_one_call}
    rows = []
    for name, sign in ways.items():
        began = time.perf_counter()
        sign(
            path,
            province.client.credential_id,
            "B-B",
            title="MẪU",
            output=province.folder / "out.pdf",
            force=True,
        )
        wall = (time.perf_counter() - began) * 1000
        note = f"{wall:.0f} ms with upload, inspection, download and the client's checks (load {load():.1f})"
        rows.append(Row(f"  100 MB through HTTP, {name} ÷ one pass", wall / one_pass, "", note, "×"))
    return rows


def main() -> None:
    """Print each round's seconds and bytes as JSON."""
    path, rounds, chain = Path(sys.argv[1]), int(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text())
    ders = tuple(x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER) for pem in chain)
    template = make_template(SignatureAlgorithm.ES256, ders)
    key = ec.generate_private_key(ec.SECP256R1())
    small = path.with_name("small.pdf")
    for _ in range(3):
        small.write_bytes(SMALL.read_bytes())
        _sign(small, template, key)
    found: dict[str, list[float]] = {"pass": [], "sign": [], "extra": [], "base": []}
    for turn in range(rounds + 1):
        began = time.perf_counter()
        # Mapped, because reading it into a buffer first would flatter the ratio.
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            hashlib.sha256(mapped)
        one_pass = time.perf_counter() - began
        base = _memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins again
        began = time.perf_counter()
        prepared = _sign(path, template, key)
        took = time.perf_counter() - began
        extra = _memory("VmHWM") - base
        undo(path, prepared)
        with path.open("rb") as file:
            os.fsync(file.fileno())
        if turn:
            for name, value in (("pass", one_pass), ("sign", took), ("extra", extra), ("base", base)):
                found[name].append(value)
    print(json.dumps(found))


def _sign(path: Path, template: CmsTemplate, key: ec.EllipticCurvePrivateKey) -> Prepared:
    prepared = prepare(path, SignatureRequest(reserve=template.reserve(), signing_time=datetime.now(UTC)))
    attributes = template.signed_attributes(prepared.digest)
    # check: the file was in nobody's hands since, as in POST /v1/sign.
    embed(
        path, prepared, template.cms(attributes, key.sign(attributes, ec.ECDSA(hashes.SHA256()))), check=False
    )
    return prepared


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main()
