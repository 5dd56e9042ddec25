"""A journal written plainly from RFC 6962 and C2SP, so that the SDK's verifiers meet another's proofs."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "ky.mau.example/nhat-ky"


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def root_hash(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return hashlib.sha256(b"\x01" + root_hash(leaves[:split]) + root_hash(leaves[split:])).digest()


def inclusion_path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_path(index, leaves[:split]), root_hash(leaves[split:])]
    return [*inclusion_path(index - split, leaves[split:]), root_hash(leaves[:split])]


def _split(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


class Journal:
    """Entries, checkpoints signed by an Ed25519 key of its own, receipts."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        public = self._key.public_key().public_bytes_raw()
        self._key_id = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
        encoded = base64.b64encode(b"\x01" + public).decode()
        self.verifier_key = f"{ORIGIN}+{self._key_id.hex()}+{encoded}"
        self.entries: list[bytes] = []

    def append(self, entry: bytes) -> int:
        self.entries.append(entry)
        return len(self.entries) - 1

    def checkpoint(self) -> str:
        root = root_hash([leaf_hash(entry) for entry in self.entries])
        text = f"{ORIGIN}\n{len(self.entries)}\n{base64.b64encode(root).decode()}\n"
        signature = base64.b64encode(self._key_id + self._key.sign(text.encode())).decode()
        return f"{text}\n\N{EM DASH} {ORIGIN} {signature}\n"

    def receipt(self, index: int) -> dict[str, str]:
        path = inclusion_path(index, [leaf_hash(entry) for entry in self.entries])
        hashes = "".join(base64.b64encode(one).decode() + "\n" for one in path)
        proof = f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{self.checkpoint()}"
        return {"entry": base64.b64encode(self.entries[index]).decode(), "proof": proof}
