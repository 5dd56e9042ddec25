"""Makes, finds and destroys the objects of a token."""

import sys
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.constants import Attribute
from pkcs11.exceptions import NoSuchKey, PKCS11Error
from pkcs11.util.ec import encode_named_curve_parameters

from hsm.algorithms import KeyKind
from hsm.errors import TokenError, TokenUnavailable
from hsm.token import templates
from hsm.token.cryptoki import Cryptoki
from hsm.token.vendors import Vendor

_RSA_BITS = {KeyKind.RSA3072: 3072, KeyKind.RSA2048: 2048}
_ED25519_OID = bytes.fromhex("06032b6570")  # RFC 8410 §3


@dataclass(frozen=True)
class WrappedKey:
    """``blob``: PKCS#8 wrapped under the KEK (RFC 5649). ``spki``: the public key, DER."""

    blob: bytes
    spki: bytes


def make_pair(
    session: Any, vendor: Vendor, kind: KeyKind, private: templates.Template, *, label: str | None
) -> tuple[int, int]:
    """The handles of a new pair (public, private), in the token if it has a ``label``."""
    common = {
        "store": label is not None,
        "label": label,
        # the public half alone gets VERIFY: NSS refuses a public key that can do nothing
        "capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY,
        "public_template": vendor.accepted({Attribute.MODIFIABLE: False}),
        "private_template": private,
    }
    if kind in _RSA_BITS:
        pair = session.generate_keypair(KeyType.RSA, _RSA_BITS[kind], **common)
    elif kind is KeyKind.P256:
        curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        pair = session.create_domain_parameters(KeyType.EC, curve, local=True).generate_keypair(**common)
    else:
        parameters = session.create_domain_parameters(
            KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: _ED25519_OID}, local=True
        )
        pair = parameters.generate_keypair(mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN, **common)
    public, secret = pair
    return public.handle, secret.handle


def make_kek(session: Any, vendor: Vendor, label: str) -> None:
    """A new AES-256 key-encryption key in the token."""
    template, buffers = templates.kek(vendor)
    session.generate_key(
        KeyType.AES, 256, label=label, store=True,
        capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP, template=template,
    )  # fmt: skip
    del buffers


def make_sealing_key(session: Any, vendor: Vendor, label: str) -> None:
    """A new AES-256 key in the token that seals short secrets."""
    session.generate_key(
        KeyType.AES, 256, label=label, store=True,
        capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT, template=templates.sealing_key(vendor),
    )  # fmt: skip


def find(cryptoki: Cryptoki, session: int, label: str, object_class: ObjectClass) -> int:
    """The handle of the one token object of this label and class.

    Raises NoSuchKey (which from a sick token means nothing), TokenError if there are several.
    """
    found = _find_all(cryptoki, session, object_class, label)
    if not found:
        raise NoSuchKey(f"{object_class.name} {label!r}")
    if len(found) > 1:
        raise TokenError("The key is ambiguous.", detail=f"{len(found)} token objects are called {label!r}")
    return found[0]


def exists(cryptoki: Cryptoki, session: int, label: str, object_class: ObjectClass) -> bool:
    """Whether the token shows such an object now."""
    return bool(_find_all(cryptoki, session, object_class, label))


def labels(cryptoki: Cryptoki, session: int) -> tuple[str, ...]:
    """The labels of the private and secret keys in the token, sorted."""
    handles = [
        handle
        for object_class in (ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY)
        for handle in _find_all(cryptoki, session, object_class)
    ]
    return tuple(sorted(cryptoki.attribute(session, h, Attribute.LABEL).decode() for h in handles))


def _find_all(
    cryptoki: Cryptoki, session: int, object_class: ObjectClass, label: str | None = None
) -> list[int]:
    # session objects are visible to all sessions of the process: TOKEN leaves them out
    wanted: dict[int, bool | int | bytes] = {Attribute.CLASS: int(object_class), Attribute.TOKEN: True}
    if label is not None:
        wanted[Attribute.LABEL] = label.encode()
    return cryptoki.find_objects(session, wanted)


def key_type_of(cryptoki: Cryptoki, session: int, handle: int) -> KeyType:
    """CKA_KEY_TYPE."""
    return KeyType(int.from_bytes(cryptoki.attribute(session, handle, Attribute.KEY_TYPE), sys.byteorder))


def destroy(cryptoki: Cryptoki, session: int, *handles: int) -> None:
    """Destroy all of them, even if one resists; then raise the first error."""
    first: PKCS11Error | None = None
    for handle in handles:
        try:
            cryptoki.destroy_object(session, handle)
        except PKCS11Error as failed:
            first = first or failed
    if first:
        raise first


def spki_of(cryptoki: Cryptoki, session: int, public: int) -> bytes:
    """SubjectPublicKeyInfo (DER) of a public key object. Raises TokenUnavailable if it is no valid key."""

    def attribute(kind: Attribute) -> bytes:
        return cryptoki.attribute(session, public, kind)

    try:
        key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
        key_type = key_type_of(cryptoki, session, public)
        if key_type == KeyType.RSA:
            exponent = int.from_bytes(attribute(Attribute.PUBLIC_EXPONENT))
            key = rsa.RSAPublicNumbers(exponent, int.from_bytes(attribute(Attribute.MODULUS))).public_key()
        elif key_type == KeyType.EC:
            point = _bare(attribute(Attribute.EC_POINT), length=65)
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        else:
            point = _bare(attribute(Attribute.EC_POINT), length=32)
            key = ed25519.Ed25519PublicKey.from_public_bytes(point)
    except ValueError as invalid:
        raise TokenUnavailable("The token answers nonsense.", detail=f"public key: {invalid}") from invalid
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _bare(point: bytes, *, length: int) -> bytes:
    """CKA_EC_POINT is a DER OCTET STRING (PKCS#11 v2.40 §2.3.3); some modules leave the header out."""
    header = bytes((0x04, length))
    return point[2:] if len(point) == length + 2 and point.startswith(header) else point
