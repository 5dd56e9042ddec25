"""How sure we are of who is there: the acr ladder, and what one authentication was.

``acr`` (OpenID Connect Core §2) says how a person logged in; the identity level says how well the
person behind the account was identified (Nghị định 69/2024/NĐ-CP: mức độ 01, 02). They are two
attributes and never stand for each other. The names of the ladder are those the National Public Service
Portal asks for (``acr_values=LoA1``).

=====  ===========================================================================================
LoA1   one factor: a password, or an upstream that says no more
LoA2   two factors: password and one-time password, or an upstream that says so
LoA3   phishing-resistant: a passkey with user verification, or a client certificate
LoA4   as LoA3, with a key that cannot leave its device (not backup-eligible, or a USB token)
=====  ===========================================================================================
"""

from collections.abc import Iterable
from dataclasses import dataclass

ACR_LADDER = ("LoA1", "LoA2", "LoA3", "LoA4")


def acr_rank(acr: str) -> int:
    """1 to 4; 0 for a value that is not on the ladder."""
    return ACR_LADDER.index(acr) + 1 if acr in ACR_LADDER else 0


def acr_satisfies(performed: str, asked: Iterable[str]) -> bool:
    """Whether ``performed`` is at least one of ``asked``. Nothing asked is satisfied by anything."""
    ranks = [acr_rank(value) for value in asked if acr_rank(value)]
    return not ranks or acr_rank(performed) >= min(ranks)


@dataclass(frozen=True, slots=True)
class Authentication:
    """What a person proved in a session: the source of acr, amr and auth_time in every token.

    ``auth_time``: Unix seconds of the last time the person actively proved who they are. ``amr``: values
    of RFC 8176 (pwd, otp, hwk, swk, user, mfa, sc). ``identity_level``: "01", "02" or "" when nobody
    identified the person. ``mandate_id``: the mandate the person acts under, or "".
    """

    person_id: str
    session_id: str
    auth_time: int
    acr: str
    amr: tuple[str, ...]
    identity_level: str = ""
    upstream: str = ""
    mandate_id: str = ""
