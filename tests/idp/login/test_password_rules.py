"""New passwords: length and lists, nothing else."""

import unicodedata

import pytest

from idp.errors import DirectoryRefused
from idp.login.password_rules import check_new_password, is_common


@pytest.mark.parametrize(
    "sentence",
    ["trâu gặm cỏ bờ đê", "mưa rơi trên mái ngói cũ", "correct horse battery staple", "Zk9#vLq2!mXw7"],
)
def test_a_sentence_is_accepted_without_rules_of_composition(sentence: str) -> None:
    assert check_new_password(sentence) == unicodedata.normalize("NFKC", sentence)


@pytest.mark.parametrize(
    "guessable",
    [
        "password1234",
        "P@ssw0rd2026!",
        "MatKhau@20266",
        "mậtkhẩu@123456",
        "Quangnam@2026",
        "123456789012",
        "aaaaaaaaaaaaaa",
        "qwertyqwerty",
        "1qaz2wsx3edc",
        "anhyeuem123456",
    ],
)
def test_what_attackers_try_first_is_refused(guessable: str) -> None:
    with pytest.raises(DirectoryRefused, match="dễ đoán"):
        check_new_password(guessable)


def test_the_persons_own_name_is_no_secret() -> None:
    with pytest.raises(DirectoryRefused):
        check_new_password("NguyenThiLan1", known=("Nguyễn Thị Lan", "lan.nguyen"))
    assert check_new_password("NguyenThiLan1 mưa rơi", known=("Nguyễn Thị Lan",))


def test_length_has_a_minimum_and_a_generous_maximum() -> None:
    with pytest.raises(DirectoryRefused, match="12"):
        check_new_password("ngắn quá 1!")
    assert check_new_password("mưa rơi 7 " * 20)
    with pytest.raises(DirectoryRefused, match="256"):
        check_new_password("mưa rơi 7 " * 30)


def test_two_keyboards_write_one_password() -> None:
    composed = unicodedata.normalize("NFC", "chiếc thuyền ngoài xa")
    assert check_new_password(unicodedata.normalize("NFD", composed)) == composed


def test_an_ordinary_long_password_is_not_common() -> None:
    assert not is_common("chiecthuyenngoaixa")
