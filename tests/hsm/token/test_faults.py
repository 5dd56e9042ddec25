"""Every return code has one meaning."""

import inspect

import pytest
from pkcs11 import exceptions

from hsm.token import faults
from hsm.token.faults import Fault, error_of, fault_of

ERRORS = [
    c for _, c in inspect.getmembers(exceptions, inspect.isclass) if issubclass(c, exceptions.PKCS11Error)
]


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_of_the_library_means_something(error: type[exceptions.PKCS11Error]) -> None:
    assert fault_of(error()) in Fault


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (exceptions.DeviceError(), Fault.SICK),
        (exceptions.DeviceRemoved(), Fault.SICK),
        (exceptions.TokenNotPresent(), Fault.SICK),
        (exceptions.SessionHandleInvalid(), Fault.SICK),
        (exceptions.UserNotLoggedIn(), Fault.SICK),
        (exceptions.ObjectHandleInvalid(), Fault.UNCLEAR),
        (exceptions.NoSuchKey(), Fault.UNCLEAR),
        (exceptions.GeneralError(), Fault.UNCLEAR),
        (exceptions.PinIncorrect(), Fault.PIN),
        (exceptions.PinLocked(), Fault.PIN),
        (exceptions.MechanismInvalid(), Fault.PERMANENT),
        (exceptions.DataLenRange(), Fault.PERMANENT),
        (exceptions.PKCS11Error("Unmapped error code 0x68"), Fault.PERMANENT),
        (exceptions.PKCS11Error("Unmapped error code 0x80000001"), Fault.UNCLEAR),
    ],
)
def test_the_classes_are_those_of_the_design(error: exceptions.PKCS11Error, meaning: Fault) -> None:
    assert fault_of(error) is meaning


def test_a_code_nobody_knows_keeps_its_number() -> None:
    assert "0x80000099" in str(error_of(0x80000099))


def test_a_code_and_its_exception_mean_the_same() -> None:
    for code, known in faults._EXCEPTIONS.items():
        assert type(error_of(code)) is known
