"""What an upstream says of a person, in our words; believed only as far as the rules go. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.directory.personal_number import check_personal_number
from idp.errors import DirectoryRefused, UpstreamFailed
from idp.login.upstream_profile import UpstreamProfile

MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class UpstreamIdentity:
    """``subject``: what the upstream calls the person, for ever. ``acr``: LoA1 or LoA2.

    ``enterprise``: (code, name) when the person logged in for one.
    """

    subject: str
    personal_number: str
    name: str
    birthdate: str
    gender: str
    identity_level: str
    acr: str
    enterprise: tuple[str, str] | None


def read_identity(profile: UpstreamProfile, claims: Mapping[str, Any], upstream_acr: str) -> UpstreamIdentity:
    """Raises UpstreamFailed: nobody is matched but by a verified number, never by e-mail or name."""

    def said(name: str) -> str:
        theirs = profile.claims.get(name, "")
        value = claims.get(theirs, "") if theirs else ""
        return " ".join(str(value).split())[:MAX_TEXT] if isinstance(value, str | int) else ""

    def means(name: str, word: str) -> bool:
        return said(name) in profile.values.get(word, ())

    subject, number = said("subject"), said("personal_number")
    if not subject:
        raise UpstreamFailed("invalid", detail="no subject")
    if not number:
        for_enterprise = means("account_kind", "enterprise")
        raise UpstreamFailed("enterprise_without_person" if for_enterprise else "unknown_person")
    gender = "male" if means("gender", "male") else "female" if means("gender", "female") else ""
    birthdate = _iso_date(said("birthdate"))
    try:
        check_personal_number(number, birthdate=birthdate, gender=gender)
    except DirectoryRefused as error:
        raise UpstreamFailed("invalid", detail="personal number") from error
    enterprise = None
    if means("account_kind", "enterprise"):
        code = said("enterprise_code") or said("tax_code")
        if not code:
            raise UpstreamFailed("invalid", detail="enterprise without a code")
        enterprise = (code[:64], said("enterprise_name") or code)
    return UpstreamIdentity(
        subject=subject,
        personal_number=number,
        name=said("name"),
        birthdate=birthdate,
        gender=gender,
        # Conservative: what is not known to be more is the least.
        identity_level="02" if means("identity_level", "identity_level_02") else "01",
        acr="LoA2" if upstream_acr in profile.acr else "LoA1",
        enterprise=enterprise,
    )


def _iso_date(written: str) -> str:
    """``2001-05-04`` of ``04/05/2001``, ``20010504`` or itself; "" for what is none of these."""
    digits = "".join(letter for letter in written if letter.isdigit() and letter.isascii())
    if len(digits) != len("20010504"):
        return ""
    if "/" in written or (written[2:3] in ("-", ".")):
        digits = digits[4:] + digits[2:4] + digits[:2]
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
