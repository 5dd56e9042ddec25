"""Algorithms by their OIDs (CSC v2.0.0.2 §5): what is told of a key, and what a request may name."""

from asn1crypto import algos

from hsm.client import SignatureAlgorithm
from signsvc.usecases.csc_refusal import CscRefused, invalid, missing
from signsvc.web.csc.parameters import SHA256, Given, read_base64

RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSASSA_PSS = "1.2.840.113549.1.1.10"
P256 = "1.2.840.10045.3.1.7"
# Combined OIDs: clients look for them here (pyHanko). Plain rsaEncryption means PKCS#1 v1.5 to them.
SIGNATURE_OIDS = {
    SignatureAlgorithm.ES256: ("1.2.840.10045.4.3.2",),
    SignatureAlgorithm.PS256: (RSASSA_PSS,),
    SignatureAlgorithm.RS256: ("1.2.840.113549.1.1.11", RSA_ENCRYPTION),
}
HASH_NAMES = {
    SHA256: "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
SALT_BYTES = 32
MAX_SALT_BYTES = 3072 // 8 - 32 - 2  # what an RSA key of 3072 bits takes (RFC 8017 §9.1.1)


def check_algorithms(given: Given, algorithm: SignatureAlgorithm, version: str) -> int:
    """signAlgo, signAlgoParams and the hash's algorithm must be what this key signs by.

    Returns the salt's bytes that RSASSA-PSS is asked for, else 0. Raises CscRefused.
    """
    sign_algo = given.text("signAlgo")
    if sign_algo not in SIGNATURE_OIDS.get(algorithm, ()):
        raise invalid("signAlgo")
    hash_name = hash_parameter(version)
    if sign_algo == RSA_ENCRYPTION and given.find("hashAlgorithmOID", "hashAlgo") is None:
        raise missing("string", hash_name)
    check_hash_algorithm(given, version)
    return _read_salt(given.find("signAlgoParams")) if sign_algo == RSASSA_PSS else 0


def check_hash_algorithm(given: Given, version: str) -> None:
    """Only SHA-256 is signed here. Raises CscRefused."""
    if given.find("hashAlgorithmOID", "hashAlgo") not in (None, SHA256):
        raise invalid(hash_parameter(version))


def hash_parameter(version: str) -> str:
    """What the version calls it."""
    return "hashAlgo" if version == "v1" else "hashAlgorithmOID"


def _read_salt(value: object) -> int:
    """RFC 4055 §3.1: SHA-256, MGF1 with SHA-256, trailer field 1; DER to its end. Any salt from 32 bytes."""
    if not isinstance(value, str):
        raise missing("string", "signAlgoParams")
    encoded = read_base64(value)
    try:
        parameters = algos.RSASSAPSSParams.load(encoded or b"", strict=True)
        mask = parameters["mask_gen_algorithm"]
        salt_length = int(parameters["salt_length"].native)
        right = (
            parameters["hash_algorithm"]["algorithm"].dotted == SHA256
            and mask["algorithm"].native == "mgf1"
            and mask["parameters"]["algorithm"].dotted == SHA256
            and SALT_BYTES <= salt_length <= MAX_SALT_BYTES
            and parameters["trailer_field"].native == "trailer_field_bc"
            and parameters.dump(force=True) == encoded
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise invalid("signAlgoParams", detail=type(error).__name__) from error
    if not right:
        raise invalid("signAlgoParams", detail="other parameters than this key signs by")
    return salt_length


def contradiction() -> CscRefused:
    """signDoc's own words."""
    return CscRefused("String parameter hashAlgorithmOID contradicts with signAlgo parameter")
