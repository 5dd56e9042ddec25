"""Signing documents ÷ a resident stock pyHanko loop with the same key, in one run.

``python -m tests.signsvc.pades.measure``. All numbers are CPU milliseconds of this process, medians.
"""

import asyncio
import hashlib
import io
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pikepdf
from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import ExternalSigner, PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps.aiohttp_client import AIOHttpTimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from hsm.algorithms import SignatureAlgorithm
from signsvc.pades.appearance import Appearances, VisibleSignature
from signsvc.pades.augment import Augmenter
from signsvc.pades.fetch import Fetcher
from signsvc.pades.font import load_stamp_font
from signsvc.pades.intake import Intake
from signsvc.pades.levels import Level
from signsvc.pades.prepare import SignatureRequest, embed, prepare
from signsvc.pades.revocation import RevocationSource
from signsvc.pades.timestamp import TimestampClient
from signsvc.pades.token import TokenVerifier
from signsvc.pades.trust import TrustAnchors
from tests.servers.devca import Devca, start_devca
from tests.signsvc.pades.software_signer import SAMPLES, Services, SoftwareSigner, enrol, sign_document

TINOS = Path("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf")
ROUNDS = 15
SMALL = SAMPLES / "phu-luc.pdf"


class StockSigner(ExternalSigner):
    """pyHanko's own CMS around a key that is called, as its PKCS#11 signer does."""

    def __init__(self, signer: SoftwareSigner) -> None:
        certificates = [asn1_x509.Certificate.load(der) for der in signer.template.chain]
        store = SimpleCertificateStore()
        store.register_multiple(certificates)
        super().__init__(signing_cert=certificates[0], cert_registry=store, signature_value=72)
        self._sign = signer.sign

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(72) if dry_run else self._sign(data)


def stock(
    signer: SoftwareSigner, devca: Devca, level: Level, root: asn1_x509.Certificate
) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """The action, and what closes its connections."""
    context = ValidationContext(trust_roots=[root], allow_fetching=True, retroactive_revinfo=True)
    meta = PdfSignatureMetadata(
        field_name="Signature1",
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        embed_validation_info=level.long_term,
        use_pades_lta=level is Level.B_LTA,
        validation_context=context if level.long_term else None,
    )
    key = StockSigner(signer)
    loop = asyncio.new_event_loop()

    async def connect() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    session = loop.run_until_complete(connect())
    stamper = AIOHttpTimeStamper(devca.tsa_url, session=session) if level.timestamped else None
    pdf = PdfSigner(meta, key, timestamper=stamper)

    async def sign() -> None:
        writer = IncrementalPdfFileWriter(io.BytesIO(SMALL.read_bytes()))
        await pdf.async_sign_pdf(writer, output=io.BytesIO())

    return lambda: loop.run_until_complete(sign()), lambda: loop.run_until_complete(session.close())


def ours(
    signer: SoftwareSigner,
    services: Services,
    level: Level,
    folder: Path,
    visible: VisibleSignature | None = None,
    appearances: Appearances | None = None,
) -> Callable[[], Any]:
    path = folder / "ours.pdf"

    def sign() -> None:
        shutil.copyfile(SMALL, path)
        sign_document(path, signer, level, services, visible=visible, appearances=appearances, durable=False)

    return sign


def cpu(action: Callable[[], Any], rounds: int = ROUNDS) -> float:
    action()
    action()
    times = []
    for _ in range(rounds):
        began = time.process_time()
        action()
        times.append((time.process_time() - began) * 1000)
    return statistics.median(times)


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    devca = start_devca(folder)
    try:
        with Fetcher([devca.base_url]) as fetcher:
            _measure(folder, devca, fetcher)
    finally:
        devca.close()
        shutil.rmtree(folder)


def _measure(folder: Path, devca: Devca, fetcher: Fetcher) -> None:
    anchors = TrustAnchors([x509.load_pem_x509_certificate(devca.root_pem.encode())])
    root = asn1_x509.Certificate.load(pem.unarmor(devca.root_pem.encode())[2])
    timestamps = TimestampClient([devca.tsa_url], TokenVerifier(anchors), fetcher)
    revocations = RevocationSource(fetcher)
    augmenter = Augmenter(timestamps, revocations, anchors)
    services = Services(timestamps, revocations, augmenter, lambda: services)
    signer = enrol(devca, SignatureAlgorithm.ES256)
    appearances = Appearances(load_stamp_font(TINOS, folder))
    for level in Level:
        action, close = stock(signer, devca, level, root)
        theirs = cpu(action)
        close()
        mine = cpu(ours(signer, services, level, folder))
        print(f"{level}: stock {theirs:.1f} ms, ours {mine:.2f} ms, ratio {theirs / mine:.1f}")
    plain = cpu(ours(signer, services, Level.B_B, folder), 40)
    seal = (SAMPLES / "con-dau-36mm.png").read_bytes()
    for name, visible in {
        "text": VisibleSignature(1, (20, 20, 300, 80), text="Ký bởi: Nguyễn Văn Mẫu\nThời gian: 08:00:00"),
        "picture": VisibleSignature(1, (20, 20, 120, 120), seal),
        "both": VisibleSignature(1, (20, 20, 300, 120), seal, "Ký bởi: Nguyễn Văn Mẫu\nThời gian: 08:00:00"),
    }.items():
        stamped = cpu(ours(signer, services, Level.B_B, folder, visible, appearances), 40)
        print(f"stamp {name}: {plain:.2f} -> {stamped:.2f} ms, ratio {stamped / plain:.2f}")
    _large(folder, signer)
    intake = Intake(workers=1)
    intake.inspect(SMALL)
    for name in ("phu-luc", "quyet-dinh", "quyet-dinh-pdfa", "ban-quet"):
        began = time.perf_counter()
        for _ in range(5):
            intake.inspect(SAMPLES / f"{name}.pdf")
        print(f"intake {name}: {(time.perf_counter() - began) * 200:.0f} ms wall")
    began = time.perf_counter()
    report = intake.inspect(folder / "large.pdf")
    print(f"intake 100 MB: {(time.perf_counter() - began) * 1000:.0f} ms wall, {report.findings}")
    intake.close()


def _large(folder: Path, signer: SoftwareSigner) -> None:
    path = folder / "large.pdf"
    pdf = pikepdf.new()
    for _ in range(100):
        pdf.add_blank_page(page_size=(595, 842))
        image = pdf.make_stream(os.urandom(1_000_000))
        image.update({})
        image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        image.Width, image.Height, image.BitsPerComponent = 1000, 1000, 8
        image.ColorSpace, image.Filter = pikepdf.Name.DeviceGray, pikepdf.Name.DCTDecode
        pdf.pages[-1].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=image))
    pdf.save(path, compress_streams=False)
    size = path.stat().st_size
    ratios, peaks = [], []
    for _ in range(7):
        began = time.perf_counter()
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
        one_pass = time.perf_counter() - began
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        request = SignatureRequest(reserve=signer.template.reserve(), signing_time=datetime.now(UTC))
        prepared = prepare(path, request)
        attributes = signer.template.signed_attributes(prepared.digest)
        cms = signer.template.cms(attributes, signer.sign(attributes))
        embed(path, prepared, cms, check=False, fsync=False)
        ratios.append((time.perf_counter() - began) / one_pass)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        with path.open("r+b") as file:
            file.truncate(size)
    ratio = statistics.median(ratios)
    print(f"{size / 1e6:.0f} MB: wall / SHA-256 pass {ratio:.2f}, extra RSS {max(peaks)} kB")


if __name__ == "__main__":
    main()
