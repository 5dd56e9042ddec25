"""Số định danh cá nhân: twelve digits that tell of their holder (Nghị định 137/2015/NĐ-CP Art. 13).

Three digits for the province or country where the birth was registered, one for century and sex, two
for the year of birth, six at random (Thông tư 07/2016/TT-BCA). There is no check digit: only structure
and consistency can be looked at. The old nine-digit CMND is never a key.
"""

import re
from dataclasses import dataclass

from idp.errors import DirectoryRefused

_TWELVE = re.compile(r"[0-9]{12}", re.ASCII)
_FIRST_CENTURY = 1900


@dataclass(frozen=True, slots=True)
class PersonalNumber:
    """A number whose structure holds. ``gender`` as OpenID Connect Core §5.1 spells it."""

    number: str
    registered_at: str
    birth_year: int
    gender: str


def check_personal_number(written: str, *, birthdate: str = "", gender: str = "") -> PersonalNumber:
    """``birthdate`` (``YYYY-MM-DD`` or ``YYYY``) and ``gender`` must agree when they are known.

    Raises DirectoryRefused; neither of its texts carries the number.
    """
    if not _TWELVE.fullmatch(written) or written[:3] == "000":
        raise _refused("phải có 12 chữ số", "must have 12 digits")
    century, sex = divmod(int(written[3]), 2)
    number = PersonalNumber(
        number=written,
        registered_at=written[:3],
        birth_year=_FIRST_CENTURY + 100 * century + int(written[4:6]),
        gender="female" if sex else "male",
    )
    if birthdate and birthdate[:4] != str(number.birth_year):
        raise _refused("không khớp năm sinh", "does not fit the year of birth")
    if gender in ("male", "female") and gender != number.gender:
        raise _refused("không khớp giới tính", "does not fit the sex")
    return number


def masked(number: str) -> str:
    """For a page that shows its reader which number is meant: the last three digits."""
    return f"•••••••••{number[-3:]}" if number else ""


def _refused(reason_vi: str, reason_en: str) -> DirectoryRefused:
    return DirectoryRefused(f"Số định danh cá nhân {reason_vi}.", f"The personal number {reason_en}.")
