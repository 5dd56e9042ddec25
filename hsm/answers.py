"""What callers hand to the key process and get from it, as plain values."""

from dataclasses import dataclass
from typing import Any

from hsm.algorithms import SignatureAlgorithm


@dataclass(frozen=True, slots=True)
class Approval:
    """``kind``: passkey, client_jws, pin_otp, access_token or admin_jws.

    ``evidence``: the compact JWS, the token, the assertion as JSON, or ``{"pin": …, "otp": …}``.
    """

    kind: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Item:
    """One of: ``digest`` (DTBS/R, SHA-256) or ``signed_attributes`` (DER SET OF Attribute)."""

    digest: bytes = b""
    signed_attributes: bytes = b""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A leaf's bytes and its proof (c2sp.org/tlog-proof@v1): verifies offline."""

    entry: bytes
    proof: str


@dataclass(frozen=True, slots=True)
class Signed:
    """``value``: DER for ES256, raw octets for RSA. ``receipt``: only when asked for."""

    value: bytes
    leaf_index: int
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class Grant:
    """``sad``: opaque, single use an item; ``expires_at``: Unix seconds."""

    sad: str
    expires_at: int
    act_digest: bytes


@dataclass(frozen=True, slots=True)
class Credential:
    """Public facts. ``certificates``: DER, the signer's first. Validity in Unix seconds.

    ``holder_kind``: Client or Person; the two may have the same id. ``office``: where its person works,
    or whose seal it is; ``entrusted``: a seal that only its named clerk uses. ``proofs`` to
    ``max_act_seconds``: what its key profile allows, to be told to clients; the key process decides by its
    own.
    """

    credential_id: str
    purpose: str
    state: str
    algorithm: SignatureAlgorithm
    holder: str
    description: str
    certificates: tuple[bytes, ...]
    not_before: int
    not_after: int
    training: bool
    holder_kind: str = "Client"
    office: str = ""
    entrusted: bool = False
    proofs: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    max_signatures: int = 1
    max_act_seconds: int = 0


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A published token key. ``current``: new tokens of its ``alg`` are signed with it."""

    kid: str
    alg: str
    jwk: dict[str, Any]
    current: bool


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A C2SP checkpoint as a signed note, and the verifier key (vkey) of the log."""

    text: str
    verifier_key: str


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a key. ``entry``: the intent's bytes, which ``receipt(leaf_index)`` proves.

    ``outcome``: ``signed`` (``result``: SHA-256 of the signature, hex), ``failed`` (``result``: the class
    of the failure) or ``open`` (no outcome was journalled: it may have been signed).
    """

    leaf_index: int
    entry: bytes
    outcome: str
    outcome_index: int | None
    result: str


@dataclass(frozen=True, slots=True)
class AskedConsent:
    """An act that a person is asked for by a link. ``enrols``: an invitation, for a new passkey of theirs.

    ``given``: it was approved, or the passkey made. ``rp_id``: for which passkeys are.
    """

    act: bytes
    expires_at: int
    given: bool
    enrols: bool
    rp_id: str
