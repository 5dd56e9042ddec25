"""Key profiles: which keys may be made, and what each may be used for. Pure data from TOML.

The loader refuses a profile that is weak or contradicts itself, so that a wrong line in
``key-profiles.toml`` stops the start and not a signature. Algorithms are JOSE names (RFC 7518).
"""

import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from policies.errors import ProfileRefused

Purpose = Literal["organisation", "service", "personal", "token"]
KeyName = Literal["P-256", "RSA-3072"]
Algorithm = Literal["ES256", "PS256", "RS256"]
Proof = Literal["passkey", "client_jws", "pin_otp", "access_token"]
Acr = Literal["aal2", "aal3"]
Hours = Literal["office", "any"]
Content = Literal["open", "prepared", "dtbsr", "token"]
KeyUsage = Literal["digital_signature", "content_commitment"]
Text = Annotated[str, StringConstraints(min_length=3, max_length=300, strip_whitespace=True)]

# ASVS 5.0 V11.2.3: at least 128 bits, so RSA from 3072 and EC from 256.
KEYS_OF_ALGORITHM = {"ES256": {"P-256"}, "PS256": {"RSA-3072"}, "RS256": {"RSA-3072"}}
# Decree 68/2024/NĐ-CP: a subscriber's certificate lives five years at most.
MAX_LIFETIME_DAYS = 1826
MAX_SIGNATURES_BY_ACCESS_TOKEN = 100


class KeyProfile(BaseModel):
    """One kind of key. ``lifetime_days`` is the certificate's; ``max_act_seconds`` an act's.

    ``storage``: ``token`` (an object in the token) or ``wrapped`` (encrypted under a key of the token).
    ``compatibility`` is empty, or says who needs PKCS#1 v1.5 or open acts (``open``: signatures on hashes
    that come after the approval, CSC's SCAL1). ``acr``: the least that a person's proof must be worth
    (NIST SP 800-63B-4): ``aal3`` is a passkey that cannot leave its device. ``hours``: in office hours
    alone unless it says ``any``. ``signatures_per_hour``, ``signatures_per_day``: of one credential; 0:
    not limited by its profile.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
    title: Text
    title_en: Text
    basis: Text
    purpose: Purpose
    storage: Literal["token", "wrapped"]
    key: KeyName
    algorithm: Algorithm
    lifetime_days: int = Field(ge=1, le=MAX_LIFETIME_DAYS)
    proofs: frozenset[Proof] = frozenset()
    contents: frozenset[Content] = Field(min_length=1)
    max_signatures: int = Field(ge=1, le=10_000)
    max_signatures_by_access_token: int = Field(default=0, ge=0, le=MAX_SIGNATURES_BY_ACCESS_TOKEN)
    max_act_seconds: int = Field(default=0, ge=0, le=86_400)
    key_usage: frozenset[KeyUsage] = Field(min_length=1)
    compatibility: str = Field(default="", max_length=300)
    acr: Acr = "aal2"
    hours: Hours = "office"
    signatures_per_hour: int = Field(default=0, ge=0, le=10_000_000)
    signatures_per_day: int = Field(default=0, ge=0, le=10_000_000)

    @model_validator(mode="after")
    def check_coherence(self) -> "KeyProfile":
        """Raise ValueError with every contradiction at once."""
        faults = [*self._key_faults(), *(self._token_faults() if self.is_token else self._document_faults())]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def is_token(self) -> bool:
        """Signs OpenID Connect tokens, never documents."""
        return self.purpose == "token"

    def _key_faults(self) -> list[str]:
        faults = []
        if self.key not in KEYS_OF_ALGORITHM[self.algorithm]:
            faults.append(f"{self.algorithm} does not go with a {self.key} key")
        # Circular 15/2025/TT-BKHCN, Annex I names RSASSA-PSS; PKCS#1 v1.5 needs a written reason.
        if self.algorithm == "RS256" and not self.compatibility:
            faults.append("RS256 is a compatibility mode: say in `compatibility` who needs it, or use PS256")
        if "open" in self.contents and not self.compatibility:
            faults.append("open acts are a compatibility mode: say in `compatibility` who needs them")
        if self.algorithm != "RS256" and "open" not in self.contents and self.compatibility:
            faults.append("`compatibility` is only for RS256 and open acts")
        if "digital_signature" not in self.key_usage:
            faults.append("key_usage needs digital_signature")
        return faults

    def _token_faults(self) -> list[str]:
        # NIST SP 800-57 Part 1 §5.2: one key, one purpose.
        faults = []
        if self.contents != {"token"}:
            faults.append('a token key has contents = ["token"]')
        if self.proofs or self.max_act_seconds or self.max_signatures_by_access_token:
            faults.append("a token key takes no approval: leave out proofs and the limits of acts")
        if self.key_usage != {"digital_signature"}:
            faults.append("a token key commits to no content: key_usage is digital_signature alone")
        if self.storage != "token":
            faults.append("a token key is an object in the token")
        if self.hours != "any":
            faults.append('people log in at any time: a token key has hours = "any"')
        if self.signatures_per_hour or self.signatures_per_day:
            faults.append("a token key has no quota: whoever logs in needs a token")
        return faults

    def _document_faults(self) -> list[str]:
        faults = []
        by_access_token = "access_token" in self.proofs
        if "token" in self.contents:
            faults.append("a document key never signs tokens: take token out of contents")
        if not self.proofs:
            faults.append("nobody could use it: proofs is empty")
        if not self.max_act_seconds:
            faults.append("max_act_seconds is missing: how long may an act stay open?")
        if "content_commitment" not in self.key_usage:
            faults.append("key_usage needs content_commitment (non-repudiation)")
        # Law 20/2023/QH15 Art. 22.3.c: under the signer's control alone.
        if by_access_token and self.purpose == "personal":
            faults.append("a personal key is never used by access_token alone")
        # A system cannot stand in for the person: "personal" means that the person approves.
        if self.purpose == "personal" and not self.proofs & {"passkey", "pin_otp"}:
            faults.append("a personal key needs a proof of its person: passkey or pin_otp")
        if self.acr == "aal3" and self.proofs != {"passkey"}:
            faults.append('only a passkey reaches aal3: proofs must be ["passkey"]')
        if by_access_token and "prepared" not in self.contents:
            faults.append('access_token approves prepared documents only: contents needs "prepared"')
        if by_access_token != bool(self.max_signatures_by_access_token):
            faults.append("access_token and max_signatures_by_access_token go together")
        if self.max_signatures_by_access_token > self.max_signatures:
            faults.append("max_signatures_by_access_token is above max_signatures")
        return faults


def parse_profiles(text: str) -> Mapping[str, KeyProfile]:
    """Read ``key-profiles.toml``; by name. Raises ProfileRefused naming profile and fault."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileRefused(f"key-profiles.toml is not TOML: {error}") from error
    if not tables:
        raise ProfileRefused("key-profiles.toml names no profile.")
    return MappingProxyType({name: _parse_profile(name, table) for name, table in tables.items()})


def _parse_profile(name: str, table: object) -> KeyProfile:
    if not isinstance(table, dict):
        raise ProfileRefused(f"key-profiles.toml: {name} must be a table.")
    try:
        return KeyProfile.model_validate({**table, "name": name})
    except ValidationError as error:
        faults = "; ".join(
            ": ".join([*map(str, fault["loc"]), fault["msg"].removeprefix("Value error, ")])
            for fault in error.errors()
        )
        raise ProfileRefused(f"Key profile {name}: {faults}.") from error
