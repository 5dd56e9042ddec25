"""Agency codes in both orders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.directory.agency_code import is_below, old_agency_code, parent_code, read_agency_code, tier
from idp.errors import DirectoryRefused


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("H47", "H47"),
        ("h47.12.3", "H47.12.3"),
        ("000.00.00.H49", "H49"),
        ("000.00.12.H47", "H47.12"),
        ("000.03.12.H47", "H47.12.03"),
        # The middle group stays: 001 of the unit 00 is not the unit 001.
        ("001.00.10.H47", "H47.10.00.001"),
    ],
)
def test_either_order_is_read_as_the_new_one(written: str, code: str) -> None:
    assert read_agency_code(written) == code


@pytest.mark.parametrize(
    "written", ["", "Z47", "H4", "H47.", "H47..1", "12.H47", "H47.ĐẶC", "H47." + ".".join(["12345"] * 6)]
)
def test_what_is_no_code_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(DirectoryRefused) as refused:
        read_agency_code(written)
    assert "H47.12.3" in refused.value.message_vi


@given(st.tuples(st.integers(0, 999), st.integers(0, 99), st.integers(0, 99)), st.sampled_from("AHY"))
def test_the_old_order_survives_the_way_there_and_back(digits: tuple[int, int, int], letter: str) -> None:
    old = f"{digits[0]:03}.{digits[1]:02}.{digits[2]:02}.{letter}47"
    assert old_agency_code(read_agency_code(old)) == old


def test_a_code_with_no_room_in_the_old_order_is_refused() -> None:
    with pytest.raises(DirectoryRefused):
        old_agency_code("H47.123")


def test_the_tree_is_in_the_code() -> None:
    assert (parent_code("H47.12.3"), parent_code("H47"), tier("H47.12.3")) == ("H47.12", "", 3)
    assert is_below("H47.12.3", "H47.12")
    assert not is_below("H47.123", "H47.12")
