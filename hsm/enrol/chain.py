"""Check the chain an authority returned, before it activates a credential."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError
from pyhanko_certvalidator.registry import SimpleTrustManager

from hsm.enrol.errors import (
    ChainBroken,
    ChainForeign,
    ChainNotValidNow,
    ChainTrainingMismatch,
    ChainWrongPurpose,
)
from hsm.enrol.order import is_issued_by
from hsm.enrol.training import is_training

# A certificate with extended key usages must have one of these to sign documents.
_DOCUMENT_PURPOSES = {
    "1.3.6.1.5.5.7.3.36",  # documentSigning, RFC 9336
    "1.3.6.1.4.1.311.10.3.12",  # Microsoft's document signing
    "1.2.840.113583.1.1.5",  # Adobe's authentic documents trust
    ExtendedKeyUsageOID.EMAIL_PROTECTION.dotted_string,
    ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string,  # the older subscriber certificates have these two
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string,
}


def check_chain(
    chain: Sequence[x509.Certificate],
    *,
    spki: bytes,
    anchors: Sequence[x509.Certificate],
    training: bool,
    training_allowed: bool,
    now: datetime,
) -> None:
    """Raise unless this chain may activate the credential of this key.

    ``chain``: the signer's certificate first, each issued by the next (``order_chain``), with or
    without the anchor. ``spki``: the key in the token, DER SubjectPublicKeyInfo. ``training``: what
    the credential is marked; ``training_allowed``: whether this key process takes training
    certificates at all. Revocation is not asked for: that is done when documents are signed.

    Raises ChainForeign, ChainNotValidNow, ChainWrongPurpose, ChainTrainingMismatch, ChainBroken.
    """
    if not chain:
        raise ChainBroken("The chain is empty: give the signer's certificate and its issuers.")
    leaf = chain[0]
    # 1. It is this key's certificate.
    _check_key(leaf, spki)
    # 2. It is valid now.
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise ChainNotValidNow(
            f"The certificate is valid from {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} to "
            f"{leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC; now is {now:%Y-%m-%d %H:%M}."
        )
    # 3. It is for signing documents.
    _check_purpose(leaf)
    # 4. Training material and real material never meet.
    _check_training(is_training(chain), training=training, training_allowed=training_allowed)
    # 5. In order, and down from an anchor. Last, so that what is said above needs no trust.
    for certificate, issuer in pairwise(chain):
        if not is_issued_by(certificate, issuer):
            raise ChainBroken("The chain is out of order: each certificate must be issued by the next.")
    _check_path(chain, anchors, now)


def _check_key(leaf: x509.Certificate, spki: bytes) -> None:
    try:
        same = leaf.public_key() == load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ChainForeign("The certificate's key cannot be read.", detail=repr(error)) from error
    if not same:
        raise ChainForeign("The certificate certifies another key than the one in the token.")


def _check_purpose(leaf: x509.Certificate) -> None:
    try:
        extensions = leaf.extensions
    except ValueError as error:
        raise ChainWrongPurpose("The certificate's extensions cannot be read.", detail=repr(error)) from error
    found = {extension.oid: extension.value for extension in extensions}
    constraints = found.get(x509.BasicConstraints.oid)
    if isinstance(constraints, x509.BasicConstraints) and constraints.ca:
        raise ChainWrongPurpose("This is a CA certificate; give the signer's certificate first.")
    usage = found.get(x509.KeyUsage.oid)
    # EN 319 412-2 §4.3.2: a certificate that signs documents commits to content (nonRepudiation).
    if not isinstance(usage, x509.KeyUsage) or not usage.content_commitment:
        raise ChainWrongPurpose(
            "The certificate's key usage lacks nonRepudiation: it may not sign documents."
        )
    if usage.key_cert_sign or usage.crl_sign:
        raise ChainWrongPurpose("The certificate may sign certificates or CRLs: it is not a signer's.")
    purposes = found.get(x509.ExtendedKeyUsage.oid)
    if isinstance(purposes, x509.ExtendedKeyUsage) and not _DOCUMENT_PURPOSES & {
        purpose.dotted_string for purpose in purposes
    }:
        raise ChainWrongPurpose("The certificate's extended key usage does not allow signing documents.")


def _check_training(marked: bool, *, training: bool, training_allowed: bool) -> None:  # noqa: FBT001
    if marked and not training:
        raise ChainTrainingMismatch(
            "This is a training (MẪU) chain; a real credential needs a real certificate."
        )
    if training and not marked:
        raise ChainTrainingMismatch(
            "This chain is real; a training credential takes training (MẪU) certificates only."
        )
    if marked and not training_allowed:
        raise ChainTrainingMismatch("This key process does not take training (MẪU) certificates.")


def _check_path(
    chain: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], now: datetime
) -> None:
    """RFC 5280 §6.1 by pyHanko's validator; nothing is fetched."""
    if not anchors:
        raise ChainBroken("No trust anchor is configured: name the authority's root certificate.")
    context = ValidationContext(
        trust_manager=SimpleTrustManager.build(trust_roots=[_parsed(anchor) for anchor in anchors]),
        moment=now,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    leaf, *issuers = (_parsed(certificate) for certificate in chain)
    validator = CertificateValidator(leaf, intermediate_certs=issuers, validation_context=context)
    try:
        asyncio.run(validator.async_validate_usage({"non_repudiation"}))  # type: ignore[no-untyped-call]
    except (PathBuildingError, PathValidationError, ValueError) as error:
        raise ChainBroken(
            "The chain does not lead to a configured trust anchor, or a CA in it is not valid.",
            detail=str(error),
        ) from error


def _parsed(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
