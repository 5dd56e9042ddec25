"""Faults on demand, for tests: known to every worker through one small file."""

import secrets
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import BaseModel, ConfigDict, Field

from devca import names
from devca.ceremony import Authority
from devca.certificate import Issuer, build_leaf
from devca.profiles import PERSONAL, TIMESTAMPING


class TsaFault(StrEnum):
    DOWN = "down"
    SLOW = "slow"
    WRONG_NONCE = "wrong_nonce"
    WRONG_IMPRINT = "wrong_imprint"
    BAD_SIGNATURE = "bad_signature"
    REJECTION = "rejection"
    CLOCK_OFF = "clock_off"
    EXPIRED_CERTIFICATE = "expired_certificate"


class OcspFault(StrEnum):
    DOWN = "down"
    SLOW = "slow"
    TRY_LATER = "try_later"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    STALE = "stale"
    WRONG_SIGNER = "wrong_signer"


class CrlFault(StrEnum):
    DOWN = "down"
    SLOW = "slow"
    STALE = "stale"
    HUGE = "huge"


class Misbehaviour(BaseModel):
    """What goes wrong now. ``seconds``: how slow, or how far the TSA's clock is off (may be negative).

    ``megabytes``: the size of a huge CRL.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tsa: TsaFault | None = None
    ocsp: OcspFault | None = None
    crl: CrlFault | None = None
    seconds: float = Field(default=5.0, ge=-86400, le=86400)
    megabytes: int = Field(default=64, ge=1, le=1024)


GOOD = Misbehaviour()


class Switch:
    """Reads the file at each request; a switch that is not armed always says all is well."""

    def __init__(self, directory: Path, *, armed: bool) -> None:
        self._path = directory / "misbehaviour.json"
        self.armed = armed

    def current(self) -> Misbehaviour:
        if not self.armed or not self._path.exists():
            return GOOD
        return Misbehaviour.model_validate_json(self._path.read_bytes())

    def set(self, misbehaviour: Misbehaviour) -> None:
        temporary = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        temporary.write_text(misbehaviour.model_dump_json(), "utf-8")
        temporary.replace(self._path)


def impostor_responder(authority: Authority) -> Issuer:
    """A holder of an ordinary certificate of this CA, without the right to sign OCSP responses."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuing = authority.issuing
    certificate = build_leaf(
        names.own_name(f"Kẻ mạo danh OCSP {names.MARK}"),
        key.public_key(),
        PERSONAL,
        issuing,
        authority.base_url,
        not_before=issuing.certificate.not_valid_before_utc,
        not_after=issuing.certificate.not_valid_before_utc + timedelta(days=365 * 4),
    )
    return Issuer("impostor", certificate, key)


def expired_tsa(authority: Authority) -> Issuer:
    """A time-stamping certificate that ended before this CA began."""
    key = ec.generate_private_key(ec.SECP256R1())
    end = authority.issuing.certificate.not_valid_before_utc
    certificate = build_leaf(
        names.own_name(f"TSA {names.MARK} hết hạn"),
        key.public_key(),
        TIMESTAMPING,
        authority.issuing,
        authority.base_url,
        not_before=end - timedelta(days=365),
        not_after=end,
    )
    return Issuer("expired-tsa", certificate, key)
