"""OpenSSL accepts every time-stamp in our documents, and no other bytes under them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from signsvc.pades.levels import Level
from tests.interop.signing import Signing
from tests.interop.timestamps import ask_openssl, find_timestamps

pytestmark = pytest.mark.interop


def test_openssl_verifies_signature_and_document_timestamps(
    root: Path, tmp_path: Path, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample("quyet-dinh")
    signing.sign(path, Level.B_LTA)
    signing.renew(path)
    timestamps = find_timestamps(path)
    assert [stamped.kind for stamped in timestamps] == ["signature", "document", "document"]
    for stamped in timestamps:
        answer = ask_openssl(stamped, root, tmp_path)
        assert answer.returncode == 0, answer.stderr
        assert "Verification: OK" in answer.stdout


def test_openssl_refuses_a_timestamp_over_other_bytes(
    root: Path, tmp_path: Path, signing: Signing, sample: Callable[[str], Path]
) -> None:
    path = sample("phu-luc")
    signing.sign(path, Level.B_T)
    [stamped] = find_timestamps(path)
    answer = ask_openssl(replace(stamped, data=stamped.data + b"\0"), root, tmp_path)
    assert answer.returncode != 0
    assert "Verification: FAILED" in answer.stdout
