"""What a PKCS#11 return code means for the one who asked.

Four meanings, and every code has exactly one:

* ``SICK``: the token, the connection or our session is gone.
* ``UNCLEAR``: vendors answer so both for a sick token and for a bad request (SoftHSM says
  CKR_GENERAL_ERROR for a wrapped key that was tampered with, NSS CKR_HOST_MEMORY for an empty one).
* ``PIN``: the PIN was refused. Never tried again.
* ``PERMANENT``: the same request will fail the same way; the token is well.

For the first two the canary is asked: if it signs, the token is not re-initialised, which would disturb
everybody. ``NoSuchKey`` is ``UNCLEAR``: a token that went away finds nothing and says the same as one that
never had the key.
"""

from enum import Enum

from pkcs11 import exceptions as e

CRYPTOKI_ALREADY_INITIALIZED = 0x191


class Fault(Enum):
    """The meaning of a return code."""

    SICK = "sick"
    UNCLEAR = "unclear"
    PIN = "pin"
    PERMANENT = "permanent"


class ActionProhibited(e.PKCS11Error):
    """CKR_ACTION_PROHIBITED (PKCS#11 v2.40): the object's own attributes forbid it."""


class KeyFunctionNotPermitted(e.PKCS11Error):
    """CKR_KEY_FUNCTION_NOT_PERMITTED: the key may not be used so."""


class CryptokiNotInitialized(e.PKCS11Error):
    """CKR_CRYPTOKI_NOT_INITIALIZED."""


# PKCS#11 v2.40 pkcs11t.h: the code, and the exception python-pkcs11 has for it.
_EXCEPTIONS: dict[int, type[e.PKCS11Error]] = {
    0x02: e.HostMemory, 0x03: e.SlotIDInvalid, 0x05: e.GeneralError, 0x06: e.FunctionFailed,
    0x07: e.ArgumentsBad, 0x10: e.AttributeReadOnly, 0x11: e.AttributeSensitive,
    0x12: e.AttributeTypeInvalid, 0x13: e.AttributeValueInvalid, 0x1B: ActionProhibited,
    0x20: e.DataInvalid, 0x21: e.DataLenRange, 0x30: e.DeviceError, 0x31: e.DeviceMemory,
    0x32: e.DeviceRemoved, 0x40: e.EncryptedDataInvalid, 0x41: e.EncryptedDataLenRange,
    0x50: e.FunctionCancelled, 0x54: e.FunctionNotSupported, 0x60: e.KeyHandleInvalid,
    0x62: e.KeySizeRange, 0x63: e.KeyTypeInconsistent, 0x68: KeyFunctionNotPermitted,
    0x69: e.KeyNotWrappable, 0x6A: e.KeyUnextractable, 0x70: e.MechanismInvalid,
    0x71: e.MechanismParamInvalid, 0x82: e.ObjectHandleInvalid, 0x90: e.OperationActive,
    0x91: e.OperationNotInitialized, 0xA0: e.PinIncorrect, 0xA1: e.PinInvalid, 0xA2: e.PinLenRange,
    0xA3: e.PinExpired, 0xA4: e.PinLocked, 0xB0: e.SessionClosed, 0xB1: e.SessionCount,
    0xB3: e.SessionHandleInvalid, 0xB5: e.SessionReadOnly, 0xD0: e.TemplateIncomplete,
    0xD1: e.TemplateInconsistent, 0xE0: e.TokenNotPresent, 0xE1: e.TokenNotRecognised,
    0xE2: e.TokenWriteProtected, 0xF0: e.UnwrappingKeyHandleInvalid, 0xF1: e.UnwrappingKeySizeRange,
    0xF2: e.UnwrappingKeyTypeInconsistent, 0x100: e.UserAlreadyLoggedIn, 0x101: e.UserNotLoggedIn,
    0x102: e.UserPinNotInitialized, 0x104: e.AnotherUserAlreadyLoggedIn, 0x105: e.UserTooManyTypes,
    0x110: e.WrappedKeyInvalid, 0x112: e.WrappedKeyLenRange, 0x113: e.WrappingKeyHandleInvalid,
    0x114: e.WrappingKeySizeRange, 0x115: e.WrappingKeyTypeInconsistent, 0x190: CryptokiNotInitialized,
}  # fmt: skip

_SICK = (
    e.DeviceError, e.DeviceRemoved, e.TokenNotPresent,
    e.TokenNotRecognised, e.NoSuchToken, e.SlotIDInvalid, e.SessionHandleInvalid, e.SessionClosed,
    e.UserNotLoggedIn, e.UserPinNotInitialized, CryptokiNotInitialized,
)  # fmt: skip
_UNCLEAR = (
    e.GeneralError, e.FunctionFailed, e.FunctionCancelled, e.ObjectHandleInvalid, e.KeyHandleInvalid,
    e.UnwrappingKeyHandleInvalid, e.WrappingKeyHandleInvalid, e.NoSuchKey, e.OperationActive,
    e.OperationNotInitialized, e.SessionCount, e.DeviceMemory, e.HostMemory,
)  # fmt: skip
_PIN = (e.PinIncorrect, e.PinLocked, e.PinInvalid, e.PinLenRange, e.PinExpired)


def error_of(code: int) -> e.PKCS11Error:
    """The exception of a CK_RV that is not CKR_OK."""
    known = _EXCEPTIONS.get(code)
    return known() if known else e.PKCS11Error(f"CKR 0x{code:x}")


def fault_of(error: e.PKCS11Error) -> Fault:
    """What an exception means. A code nobody knows is ``UNCLEAR``."""
    if isinstance(error, _SICK):
        return Fault.SICK
    if isinstance(error, _UNCLEAR) or type(error) is e.PKCS11Error:
        # python-pkcs11 raises the bare root for codes it does not map; "0x1b" and "0x68" are known here
        return Fault.PERMANENT if str(error).endswith(("0x1b", "0x68")) else Fault.UNCLEAR
    return Fault.PIN if isinstance(error, _PIN) else Fault.PERMANENT
