"""Số định danh cá nhân: structure and consistency."""

import pytest

from idp.directory.personal_number import check_personal_number, masked
from idp.errors import DirectoryRefused


def test_a_number_says_century_sex_and_year() -> None:
    found = check_personal_number("049301000001", birthdate="2001-05-04", gender="female")
    assert (found.registered_at, found.birth_year, found.gender) == ("049", 2001, "female")
    assert check_personal_number("049085000001").birth_year == 1985


@pytest.mark.parametrize(
    ("number", "known"),
    [
        ("12345678", {}),
        ("205123456", {}),  # an old CMND is no key
        ("000085000001", {}),
        ("04908500000a", {}),
        ("٠٤٩٠٨٥٠٠٠٠٠١", {}),
        ("049085000001", {"birthdate": "1986-01-01"}),
        ("049085000001", {"gender": "female"}),
    ],
)
def test_what_cannot_be_is_refused_without_repeating_it(number: str, known: dict[str, str]) -> None:
    with pytest.raises(DirectoryRefused) as refused:
        check_personal_number(number, **known)
    assert number not in str(refused.value)


def test_a_page_shows_three_digits() -> None:
    assert masked("049085000123") == "•••••••••123"
    assert masked("") == ""
