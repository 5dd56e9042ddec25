"""What poppler's pdfsig says about a document's signatures."""

import re
import subprocess
from pathlib import Path

from tests.interop.resident import tool


def make_nss_database(directory: Path) -> Path:
    """An empty one: without it pdfsig takes whatever this user's browser has."""
    certutil = tool("certutil", "libnss3-tools")
    subprocess.run([certutil, "-N", "-d", f"sql:{directory}", "--empty-password"], check=True, timeout=60)
    return directory


def ask_pdfsig(path: Path, database: Path) -> list[dict[str, str]]:
    """One dictionary a signature: the lines ``- name: value``; a line without a name under itself.

    Asked is whether the signature holds, not whether its signer is trusted: NSS knows no purpose but e-mail
    for signers, and so trusts no certificate whose only purpose is signing documents (RFC 9336).
    """
    command = [tool("pdfsig", "poppler-utils"), "-nocert", "-nssdir", str(database), str(path)]
    done = subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", timeout=60, check=False
    )
    signatures: list[dict[str, str]] = []
    for line in done.stdout.splitlines():
        if re.match(r"Signature #\d+:", line):
            signatures.append({})
        elif signatures and line.strip().startswith("- "):
            name, _, value = line.strip()[2:].partition(": ")
            signatures[-1][name] = value or name
    if not signatures:
        raise AssertionError(f"pdfsig found no signature: {done.stdout}{done.stderr}")
    return signatures
