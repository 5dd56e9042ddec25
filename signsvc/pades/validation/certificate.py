"""Who signed: the certificate in the words that Circular 15/2025 Art. 6 asks to be shown."""

from typing import Any

from asn1crypto import x509

from signsvc.pades.validation.verdict import Certificate, Signer

_MARK = "MẪU"


def describe_signer(certificate: x509.Certificate) -> Signer:
    """Its subject."""
    subject = certificate.subject.native
    organisation, unit = _text(subject, "organization_name"), _text(subject, "organizational_unit_name")
    return Signer(
        name=_text(subject, "common_name") or certificate.subject.human_friendly,
        organisation=organisation,
        organisational_unit=unit,
        managing_unit=", ".join(filter(None, (unit, organisation))) or None,
        title=_text(subject, "title"),
        identifier=_text(subject, "serial_number") or _text(subject, "user_id"),
    )


def describe_certificate(certificate: x509.Certificate, training_policies: tuple[str, ...]) -> Certificate:
    """Its issuer, validity and fingerprint."""
    validity = certificate["tbs_certificate"]["validity"]
    issuer = certificate.issuer.native
    return Certificate(
        subject=certificate.subject.human_friendly,
        issuer=certificate.issuer.human_friendly,
        issuer_name=_text(issuer, "common_name") or certificate.issuer.human_friendly,
        serial_number=f"{certificate.serial_number:x}",
        not_before=validity["not_before"].native,
        not_after=validity["not_after"].native,
        sha256=certificate.sha256.hex(),
        training=is_training(certificate, training_policies),
    )


def is_training(certificate: x509.Certificate, policies: tuple[str, ...]) -> bool:
    """Is it marked as training material, by policy or by MẪU in its subject?"""
    extension = certificate.certificate_policies_value
    held = [] if extension is None else [policy["policy_identifier"].dotted for policy in extension]
    if any(oid == policy or oid.startswith(f"{policy}.") for oid in held for policy in policies):
        return True
    names = certificate.subject.native
    return any(
        _text(names, key) is not None and str(_text(names, key)).startswith(_MARK)
        for key in ("common_name", "organization_name", "organizational_unit_name")
    )


def _text(name: Any, key: str) -> str | None:
    value = name.get(key)
    if value is None:
        return None
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
