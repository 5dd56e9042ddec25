"""A credential as credentials/info and credentials/list tell it (v1.0.4 §11.5, v2.0.0.2 §11.5)."""

import base64
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hsm.client import Credential
from signsvc.usecases.csc_authorize import allows_open
from signsvc.usecases.csc_credentials import is_valid
from signsvc.web.csc.algorithms import P256, SIGNATURE_OIDS

CERTIFICATES = ("none", "single", "chain")
QUALIFIERS = {
    "personal": "vn_congvu_canhan",
    "organisation": "vn_congvu_coquan",
    "service": "vn_congvu_dichvu",
}
MAX_DESCRIPTION = 255
PIN, OTP, CLIENT_JWS, PASSKEY = "PIN", "OTP", "client_jws", "passkey"


def describe(
    found: Credential, version: str, now: datetime, *, certificates: str, cert_info: bool, auth_info: bool
) -> dict[str, Any]:
    """``certificates``: none, single or chain."""
    described: dict[str, Any] = {"description": found.description[:MAX_DESCRIPTION]}
    if version != "v1":
        described["signatureQualifier"] = QUALIFIERS.get(found.purpose, found.purpose)
    usable = found.state == "active" and is_valid(found, now)
    described["key"] = {"status": "enabled" if usable else "disabled"} | _key(found)
    described["cert"] = _certificate(found, now, certificates=certificates, cert_info=cert_info)
    if version == "v1":
        described |= _authorisation_v1(found) if auth_info else {"authMode": "explicit"}
    elif auth_info:
        described["auth"] = _authorisation_v2(found)
    return described | {
        # Strings, as the standard has it; clients read this one as a number too.
        "SCAL": "1" if allows_open(found) else "2",
        "multisign": max(1, found.max_signatures),
        "lang": "vi-VN",
    }


def _key(found: Credential) -> dict[str, Any]:
    described: dict[str, Any] = {"algo": list(SIGNATURE_OIDS.get(found.algorithm, ()))}
    if not found.certificates:
        return described | {"len": 0}
    match x509.load_der_x509_certificate(found.certificates[0]).public_key():
        case ec.EllipticCurvePublicKey() as key:
            return described | {"len": key.curve.key_size, "curve": P256}
        case rsa.RSAPublicKey() as key:
            return described | {"len": key.key_size}
        case _:
            return described | {"len": 0}


def _certificate(found: Credential, now: datetime, *, certificates: str, cert_info: bool) -> dict[str, Any]:
    described: dict[str, Any] = {"status": _status(found, now)}
    chain = found.certificates[: {"none": 0, "single": 1}.get(certificates)]
    if chain:
        described["certificates"] = [base64.b64encode(der).decode() for der in chain]
    if cert_info and found.certificates:
        certificate = x509.load_der_x509_certificate(found.certificates[0])
        described |= {
            "issuerDN": certificate.issuer.rfc4514_string(),
            "serialNumber": f"{certificate.serial_number:X}",
            "subjectDN": certificate.subject.rfc4514_string(),
            "validFrom": f"{certificate.not_valid_before_utc:%Y%m%d%H%M%SZ}",
            "validTo": f"{certificate.not_valid_after_utc:%Y%m%d%H%M%SZ}",
        }
    return described


def _status(found: Credential, now: datetime) -> str:
    if found.state in ("revoked", "destroyed"):
        return "revoked"
    if found.state == "suspended":
        return "suspended"
    return "valid" if is_valid(found, now) else "expired"


def _authorisation_v1(found: Credential) -> dict[str, Any]:
    by_pin = "pin_otp" in found.proofs
    described: dict[str, Any] = {
        "authMode": "explicit",
        "PIN": {"presence": "true" if by_pin else "false"},
        "OTP": {"presence": "true" if by_pin else "false"},
    }
    if by_pin:
        described["PIN"] |= {"format": "A", "label": "PIN", "description": "Mã PIN ký số"}
        described["OTP"] |= {
            "type": "offline", "format": "N", "label": "OTP", "ID": OTP, "provider": "TOTP (RFC 6238)",
            "description": "Mã 6 số trên ứng dụng xác thực",
        }  # fmt: skip
    return described


def _authorisation_v2(found: Credential) -> dict[str, Any]:
    objects: list[dict[str, Any]] = []
    ways: list[str] = []
    if "pin_otp" in found.proofs:
        ways.append(f"({PIN} AND {OTP})")
        objects += [
            {"type": "Password", "id": PIN, "label": "PIN", "description": "Mã PIN ký số"},
            {"type": "Password", "id": OTP, "format": "N", "generator": "totp", "label": "OTP",
             "description": "Mã 6 số trên ứng dụng xác thực"},
        ]  # fmt: skip
    for kind, what in (
        (PASSKEY, "Khóa truy cập: challenge là SHA-256 của act"),
        (CLIENT_JWS, "JWS (typ antin-act+jws) của hệ thống trên đúng act"),
    ):
        if kind in found.proofs:
            ways.append(kind)
            objects.append({"type": "ChallengeResponse", "id": kind, "label": kind, "description": what})
    return {"mode": "explicit", "expression": " OR ".join(ways), "objects": objects}
