"""Step 7: a signature leaves only when the certificate's public key accepts it."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from hsm.algorithms import PSS_SALT, SignatureAlgorithm
from hsm.errors import TokenUnavailable

_PREHASHED = Prehashed(hashes.SHA256())
_ECDSA = ec.ECDSA(_PREHASHED)
_MGF1 = padding.MGF1(hashes.SHA256())
_PKCS1 = padding.PKCS1v15()


def verify_signature(
    public_key: PublicKeyTypes,
    algorithm: SignatureAlgorithm,
    value: bytes,
    digest: bytes,
    salt_length: int = PSS_SALT,
) -> None:
    """Check ``value`` over a SHA-256 digest. Raises TokenUnavailable: the token signed with another key."""
    try:
        match algorithm, public_key:
            case SignatureAlgorithm.ES256, ec.EllipticCurvePublicKey():
                public_key.verify(value, digest, _ECDSA)
            case SignatureAlgorithm.PS256, rsa.RSAPublicKey():
                public_key.verify(value, digest, padding.PSS(_MGF1, salt_length), _PREHASHED)
            case SignatureAlgorithm.RS256, rsa.RSAPublicKey():
                public_key.verify(value, digest, _PKCS1, _PREHASHED)
            case _:
                raise InvalidSignature
    except InvalidSignature as error:
        raise TokenUnavailable(
            "The token did not sign with this credential's key.", detail="signature does not verify"
        ) from error
