"""The time-stamps inside a signed document, and what OpenSSL says about them."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from asn1crypto import cms

from tests.interop.resident import tool

_TOKEN_ATTRIBUTE = "1.2.840.113549.1.9.16.2.14"  # id-aa-timeStampToken, RFC 3161 appendix A


@dataclass(frozen=True)
class StampedData:
    """A DER time-stamp token with the bytes it stamps. ``kind``: "signature" or "document"."""

    kind: str
    token: bytes
    data: bytes


def find_timestamps(path: Path, password: str = "") -> list[StampedData]:
    """Every token of the document, in the order of its fields."""
    found: list[StampedData] = []
    whole = path.read_bytes()
    with pikepdf.open(path, password=password) as document:
        for field in document.Root.AcroForm.Fields:
            value = field.get("/V")
            if value is None:
                continue
            first, length, second, rest = (int(number) for number in value.ByteRange)
            # From the file itself: /Contents is never encrypted, but qpdf decrypts that of a time-stamp.
            contents = bytes.fromhex(whole[first + length + 1 : second - 1].decode("ascii"))
            if value.SubFilter == "/ETSI.RFC3161":
                covered = whole[first : first + length] + whole[second : second + rest]
                found.append(StampedData("document", _without_padding(contents), covered))
            else:
                found += _signature_timestamps(_without_padding(contents))
    return found


def _signature_timestamps(contents: bytes) -> list[StampedData]:
    signer = cms.ContentInfo.load(contents)["content"]["signer_infos"][0]
    return [
        StampedData("signature", value.dump(), signer["signature"].native)
        for attribute in signer["unsigned_attrs"]
        if attribute["type"].dotted == _TOKEN_ATTRIBUTE
        for value in attribute["values"]
    ]


def _without_padding(contents: bytes) -> bytes:
    encoded: bytes = cms.ContentInfo.load(contents, strict=False).dump()
    return encoded


def ask_openssl(stamped: StampedData, root: Path, directory: Path) -> subprocess.CompletedProcess[str]:
    """``openssl ts -verify`` over the data, trusting the root alone; the chain comes from the token."""
    token, data = directory / "token.der", directory / "data"
    token.write_bytes(stamped.token)
    data.write_bytes(stamped.data)
    command = [tool("openssl", "openssl"), "ts", "-verify", "-token_in", "-in", str(token)]
    command += ["-data", str(data), "-CAfile", str(root)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)
