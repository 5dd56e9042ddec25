"""Which algorithms count, and until when (Circular 15/2025 Annex I; RSASSA-PKCS1-v1_5 for old documents)."""

from datetime import datetime

from asn1crypto import algos, keys
from pyhanko.sign.validation.utils import CMSAlgorithmUsagePolicy
from pyhanko_certvalidator.policy_decl import AlgorithmUsageConstraint

DIGESTS = frozenset(
    {
        "sha256",
        "sha384",
        "sha512",
        "sha512_256",
        "sha3_256",
        "sha3_384",
        "sha3_512",
        "shake256",
        "shake256_len",
    }
)
MIN_RSA = 2048
STRONG_RSA = 3000
MIN_EC = 256
_RSA = {"rsassa_pkcs1v15", "rsassa_pss"}
_EDWARDS = {"ed25519", "ed448"}


class AlgorithmPolicy(CMSAlgorithmUsagePolicy):
    """SHA-1, MD5, DSA, short keys: never. RSA below 3000 bits: until a date."""

    def __init__(self, rsa_2048_until: datetime) -> None:
        self._rsa_2048_until = rsa_2048_until

    def digest_algorithm_allowed(
        self, algo: algos.DigestAlgorithm, moment: datetime | None
    ) -> AlgorithmUsageConstraint:
        """See AlgorithmUsagePolicy."""
        name = algo["algorithm"].native
        if name in DIGESTS:
            return AlgorithmUsageConstraint(allowed=True)
        return AlgorithmUsageConstraint(allowed=False, failure_reason=f"digest {name}")

    def signature_algorithm_allowed(
        self,
        algo: algos.SignedDigestAlgorithm,
        moment: datetime | None,
        public_key: keys.PublicKeyInfo | None,
    ) -> AlgorithmUsageConstraint:
        """See AlgorithmUsagePolicy."""
        refusal = self._refusal(algo)
        if refusal is not None:
            return AlgorithmUsageConstraint(allowed=False, failure_reason=refusal)
        if public_key is None:
            return AlgorithmUsageConstraint(allowed=True)
        return self._key_allowed(public_key, moment)

    def _refusal(self, algo: algos.SignedDigestAlgorithm) -> str | None:
        kind = _signature_kind(algo)
        if kind is None:
            return str(algo["algorithm"].native)
        if kind in _EDWARDS:
            return None
        try:
            digest = algo.hash_algo
        except ValueError:
            # The bare rsaEncryption of CMS: the digest stands beside it and is checked there.
            return None
        return None if digest in DIGESTS else f"digest {digest}"

    def _key_allowed(
        self, public_key: keys.PublicKeyInfo, moment: datetime | None
    ) -> AlgorithmUsageConstraint:
        kind, bits = public_key.algorithm, public_key.bit_size
        if kind in ("rsa", "rsassa_pss"):
            if bits < MIN_RSA:
                return AlgorithmUsageConstraint(allowed=False, failure_reason=f"RSA {bits}")
            late = moment is not None and moment > self._rsa_2048_until
            if bits < STRONG_RSA and late:
                return AlgorithmUsageConstraint(
                    allowed=False, not_allowed_after=self._rsa_2048_until, failure_reason=f"RSA {bits}"
                )
            return AlgorithmUsageConstraint(allowed=True)
        allowed = kind in _EDWARDS or (kind == "ec" and bits >= MIN_EC)
        return AlgorithmUsageConstraint(allowed=allowed, failure_reason=None if allowed else f"{kind} {bits}")


def _signature_kind(algo: algos.SignedDigestAlgorithm) -> str | None:
    if algo["algorithm"].native in _EDWARDS:
        return str(algo["algorithm"].native)
    try:
        kind = str(algo.signature_algo)
    except ValueError:
        return None
    return kind if kind in _RSA or kind == "ecdsa" else None


def key_name(public_key: keys.PublicKeyInfo) -> str:
    """``rsa-3072``, ``ec-secp256r1``, ``ed25519``."""
    kind = public_key.algorithm
    if kind == "ec":
        _, curve = public_key.curve
        return f"ec-{curve}"
    return f"{kind}-{public_key.bit_size}" if kind in ("rsa", "rsassa_pss", "dsa") else str(kind)
