"""The Merkle proofs of transparency-dev/merkle, happy and hostile."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from hsm.journal.errors import ProofInvalid
from hsm.journal.merkle import verify_consistency, verify_inclusion

VECTORS = Path(__file__).parents[2] / "vectors" / "merkle"


def _load(kind: str) -> list[Any]:
    files = sorted((VECTORS / kind).rglob("*.json"))
    assert len(files) == 98
    return [
        pytest.param(json.loads(file.read_text()), id=f"{file.parent.name}/{file.stem}") for file in files
    ]


def _hash(text: str | None) -> bytes:
    return base64.b64decode(text or "")


@pytest.mark.parametrize("vector", _load("inclusion"))
def test_an_inclusion_proof_is_judged_as_the_vectors_say(vector: dict[str, Any]) -> None:
    arguments = (
        _hash(vector["leafHash"]),
        vector["leafIdx"],
        vector["treeSize"],
        [_hash(one) for one in vector["proof"] or []],
        _hash(vector["root"]),
    )
    if vector["wantErr"]:
        with pytest.raises(ProofInvalid):
            verify_inclusion(*arguments)
    else:
        assert verify_inclusion(*arguments) == arguments[-1]


@pytest.mark.parametrize("vector", _load("consistency"))
def test_a_consistency_proof_is_judged_as_the_vectors_say(vector: dict[str, Any]) -> None:
    new_root = _hash(vector["root2"])
    arguments = (
        vector["size1"],
        _hash(vector["root1"]),
        vector["size2"],
        new_root,
        [_hash(one) for one in vector["proof"] or []],
    )
    if vector["wantErr"]:
        with pytest.raises(ProofInvalid):
            verify_consistency(*arguments)
    else:
        assert verify_consistency(*arguments) == new_root
