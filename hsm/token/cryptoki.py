"""The Cryptoki calls made straight from the module's function list (PKCS#11 v2.40).

python-pkcs11 opens sessions and makes keys; these calls it does not make as they are needed here:

* ``C_Initialize`` with ``CKF_OS_LOCKING_OK`` and vendor arguments. python-pkcs11 passes NULL ("single
  threaded") yet releases the GIL round every call: a module that believes it crashes under threads.
* ``C_Login`` on a session that is already held, so that a refused PIN leaks no session.
* ``C_SignInit`` and ``C_Sign`` without a length probe: two round trips to a network HSM, not three. A
  handle is a number valid in every session of the process, so it is found once for all sessions.
* ``C_FindObjects`` that fails cleanly: python-pkcs11's search of a dead token fails again when it is
  collected, where nobody can catch it.
* ``C_WrapKey`` without a length probe, which NSS softokn refuses for CKM_AES_KEY_WRAP_KWP.

Every call raises the exception of ``pkcs11.exceptions`` that python-pkcs11 would raise. ctypes
releases the GIL during a call.
"""

import ctypes
from collections.abc import Mapping
from pathlib import Path

from pkcs11 import _pkcs11

from hsm.token.faults import CRYPTOKI_ALREADY_INITIALIZED, error_of

CKF_OS_LOCKING_OK = 2
CKU_USER = 1
CKR_FUNCTION_FAILED = 6
LONGEST_ATTRIBUTE = 65536  # bytes
LONGEST_SIGNATURE = 1024  # bytes: RSA-8192
LONGEST_BLOCK = 64  # bytes that a cipher may add: padding, an authentication tag
LONGEST_WRAPPED_KEY = 8192  # bytes: an RSA-4096 PKCS#8, wrapped, is 2.4 kB

_ULONG = ctypes.c_ulong
_BYTES = ctypes.c_char_p
_POINTER = ctypes.c_void_p

# Position in CK_FUNCTION_LIST, after the version (PKCS#11 v2.40 header, pkcs11f.h order).
_C_INITIALIZE, _C_FINALIZE, _C_INIT_TOKEN, _C_LOGIN, _C_DESTROY_OBJECT = 1, 2, 10, 19, 23
_C_GET_ATTRIBUTE_VALUE, _C_FIND_OBJECTS_INIT, _C_FIND_OBJECTS, _C_FIND_OBJECTS_FINAL = 25, 27, 28, 29
_C_ENCRYPT_INIT, _C_ENCRYPT, _C_DECRYPT_INIT, _C_DECRYPT = 30, 31, 34, 35
_C_SIGN_INIT, _C_SIGN, _C_WRAP_KEY, _C_UNWRAP_KEY = 43, 44, 61, 62


class _InitializeArgs(ctypes.Structure):
    _fields_ = (
        ("create_mutex", _POINTER),
        ("destroy_mutex", _POINTER),
        ("lock_mutex", _POINTER),
        ("unlock_mutex", _POINTER),
        ("flags", _ULONG),
        ("reserved", _BYTES),
    )


class _Mechanism(ctypes.Structure):
    _fields_ = (("mechanism", _ULONG), ("parameter", _POINTER), ("parameter_length", _ULONG))


class _Attribute(ctypes.Structure):
    _fields_ = (("type", _ULONG), ("value", _POINTER), ("value_length", _ULONG))


class Mechanism:
    """A CK_MECHANISM: its number and the exact bytes of its parameter structure (none: empty).

    Built once and read by every thread; nobody writes to it.
    """

    def __init__(self, number: int, parameter: bytes = b"") -> None:
        self._parameter = ctypes.create_string_buffer(parameter, len(parameter) or 1)
        address = ctypes.addressof(self._parameter) if parameter else None
        self.pointer = ctypes.pointer(_Mechanism(number, address, len(parameter)))


def pack_attributes(
    template: Mapping[int, bool | int | bytes],
) -> tuple[ctypes.Array[_Attribute], list[object]]:
    """A CK_ATTRIBUTE array and the buffers it points into; keep both while the module reads them."""
    array = (_Attribute * len(template))()
    values: list[object] = []
    for slot, (kind, value) in zip(array, template.items(), strict=True):
        cell = _cell(value)
        values.append(cell)
        slot.type, slot.value, slot.value_length = int(kind), ctypes.addressof(cell), ctypes.sizeof(cell)
    return array, values


def _cell(value: bool | int | bytes) -> "ctypes._CData":  # noqa: FBT001 - a CK_BBOOL is a value here
    if isinstance(value, bytes):
        return ctypes.create_string_buffer(value, len(value))
    return ctypes.c_ubyte(value) if isinstance(value, bool) else _ULONG(value)


class Cryptoki:
    """One loaded module's function list. Loading does not initialise it. Safe from any thread.

    ``library`` is python-pkcs11's view of the same module.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError or PKCS11Error if ``path`` is no PKCS#11 module."""
        loaded = ctypes.CDLL(str(path))
        if not hasattr(loaded, "C_GetFunctionList"):
            raise OSError(f"{path} is not a PKCS#11 module")
        # __init__ would call C_Initialize(NULL); __new__ only loads
        self.library = _pkcs11.lib.__new__(_pkcs11.lib, str(path))  # type: ignore[call-arg]
        functions = ctypes.cast(_function_list(loaded, self.library), ctypes.POINTER(_POINTER))

        def bind(position: int, *arguments: type) -> "ctypes._CFunctionType":
            address = functions[position]
            return ctypes.CFUNCTYPE(_ULONG, *arguments)(address or 0)

        mechanism, out = ctypes.POINTER(_Mechanism), ctypes.POINTER(_ULONG)
        self._initialize = bind(_C_INITIALIZE, ctypes.POINTER(_InitializeArgs))
        self._finalize = bind(_C_FINALIZE, _POINTER)
        self._init_token = bind(_C_INIT_TOKEN, _ULONG, _BYTES, _ULONG, _BYTES)
        self._login = bind(_C_LOGIN, _ULONG, _ULONG, _BYTES, _ULONG)
        self._destroy_object = bind(_C_DESTROY_OBJECT, _ULONG, _ULONG)
        template = ctypes.POINTER(_Attribute)
        self._get_attribute_value = bind(_C_GET_ATTRIBUTE_VALUE, _ULONG, _ULONG, template, _ULONG)
        self._find_objects_init = bind(_C_FIND_OBJECTS_INIT, _ULONG, template, _ULONG)
        self._find_objects = bind(_C_FIND_OBJECTS, _ULONG, _POINTER, _ULONG, out)
        self._find_objects_final = bind(_C_FIND_OBJECTS_FINAL, _ULONG)
        self._encrypt_init = bind(_C_ENCRYPT_INIT, _ULONG, mechanism, _ULONG)
        self._encrypt = bind(_C_ENCRYPT, _ULONG, _BYTES, _ULONG, _POINTER, out)
        self._decrypt_init = bind(_C_DECRYPT_INIT, _ULONG, mechanism, _ULONG)
        self._decrypt = bind(_C_DECRYPT, _ULONG, _BYTES, _ULONG, _POINTER, out)
        self._sign_init = bind(_C_SIGN_INIT, _ULONG, mechanism, _ULONG)
        self._sign = bind(_C_SIGN, _ULONG, _BYTES, _ULONG, _POINTER, out)
        self._wrap_key = bind(_C_WRAP_KEY, _ULONG, mechanism, _ULONG, _ULONG, _POINTER, out)
        self._unwrap_key = bind(
            _C_UNWRAP_KEY, _ULONG, mechanism, _ULONG, _BYTES, _ULONG, template, _ULONG, out
        )

    def initialize(self, reserved: str = "") -> bool:
        """C_Initialize for many threads. ``reserved`` is the vendor's pReserved string (NSS).

        False if the module was initialised already, by whom and how is then unknown.
        """
        args = _InitializeArgs(flags=CKF_OS_LOCKING_OK, reserved=reserved.encode() if reserved else None)
        code = self._initialize(ctypes.byref(args))
        if code == CRYPTOKI_ALREADY_INITIALIZED:
            return False
        _check(code)
        return True

    def finalize(self) -> None:
        """C_Finalize: every session and handle of the process dies. No call may be under way."""
        _check(self._finalize(None))

    def init_token(self, slot: int, so_pin: str, label: str) -> None:
        """C_InitToken: everything in the slot's token is lost. ``label``: at most 32 bytes in UTF-8."""
        data = so_pin.encode()
        _check(self._init_token(slot, data, len(data), label.encode().ljust(32)))

    def login(self, session: int, pin: str) -> None:
        """C_Login as the normal user. Login is the token's state in this process, not the session's."""
        data = pin.encode()
        _check(self._login(session, CKU_USER, data, len(data)))

    def find_objects(self, session: int, wanted: Mapping[int, bool | int | bytes]) -> list[int]:
        """The handles of all objects with these attributes. The token looks at every object it has."""
        attributes, buffers = pack_attributes(wanted)
        _check(self._find_objects_init(session, attributes, len(attributes)))
        del buffers
        found: list[int] = []
        batch, count = (_ULONG * 64)(), _ULONG()
        try:
            while True:
                _check(self._find_objects(session, batch, len(batch), ctypes.byref(count)))
                if not count.value:
                    return found
                found += batch[: count.value]
        finally:
            self._find_objects_final(session)

    def attribute(self, session: int, handle: int, kind: int) -> bytes:
        """C_GetAttributeValue of one attribute: asked for its length first, as NSS wants it."""
        asked = (_Attribute * 1)(_Attribute(int(kind), None, 0))
        _check(self._get_attribute_value(session, handle, asked, 1))
        if asked[0].value_length > LONGEST_ATTRIBUTE:  # CK_UNAVAILABLE_INFORMATION is the largest number
            raise error_of(CKR_FUNCTION_FAILED)
        buffer = ctypes.create_string_buffer(asked[0].value_length)
        asked[0].value = ctypes.addressof(buffer)
        _check(self._get_attribute_value(session, handle, asked, 1))
        return ctypes.string_at(buffer, asked[0].value_length)

    def sign(self, session: int, key: int, mechanism: Mechanism, data: bytes) -> bytes:
        """C_SignInit, C_Sign. If C_Sign fails the session may hold an open operation: do not reuse it."""
        _check(self._sign_init(session, mechanism.pointer, key))
        output, length = ctypes.create_string_buffer(LONGEST_SIGNATURE), _ULONG(LONGEST_SIGNATURE)
        _check(self._sign(session, data, len(data), output, ctypes.byref(length)))
        return ctypes.string_at(output, length.value)

    def encrypt(self, session: int, key: int, mechanism: Mechanism, data: bytes) -> bytes:
        """C_EncryptInit, C_Encrypt: as with ``sign``, do not reuse a session in which it failed."""
        _check(self._encrypt_init(session, mechanism.pointer, key))
        size = len(data) + LONGEST_BLOCK
        output, length = ctypes.create_string_buffer(size), _ULONG(size)
        _check(self._encrypt(session, data, len(data), output, ctypes.byref(length)))
        return ctypes.string_at(output, length.value)

    def decrypt(self, session: int, key: int, mechanism: Mechanism, data: bytes) -> bytes:
        """C_DecryptInit, C_Decrypt."""
        _check(self._decrypt_init(session, mechanism.pointer, key))
        size = len(data) + LONGEST_BLOCK
        output, length = ctypes.create_string_buffer(size), _ULONG(size)
        _check(self._decrypt(session, data, len(data), output, ctypes.byref(length)))
        return ctypes.string_at(output, length.value)

    def wrap_key(self, session: int, wrapping_key: int, key: int, mechanism: Mechanism) -> bytes:
        """C_WrapKey."""
        output, length = ctypes.create_string_buffer(LONGEST_WRAPPED_KEY), _ULONG(LONGEST_WRAPPED_KEY)
        _check(self._wrap_key(session, mechanism.pointer, wrapping_key, key, output, ctypes.byref(length)))
        return ctypes.string_at(output, length.value)

    def unwrap_key(
        self,
        session: int,
        wrapping_key: int,
        blob: bytes,
        mechanism: Mechanism,
        template: Mapping[int, bool | int | bytes],
    ) -> int:
        """C_UnwrapKey: the handle of an object made of ``blob`` with the attributes of ``template``."""
        attributes, buffers = pack_attributes(template)
        handle = _ULONG()
        _check(
            self._unwrap_key(
                session, mechanism.pointer, wrapping_key, blob, len(blob),
                attributes, len(attributes), ctypes.byref(handle),
            )
        )  # fmt: skip
        del buffers  # alive until here: the template points into them
        return handle.value

    def destroy_object(self, session: int, handle: int) -> None:
        """C_DestroyObject."""
        _check(self._destroy_object(session, handle))


def _function_list(module: ctypes.CDLL, library: _pkcs11.lib) -> int:
    """The address of the function list that ``library`` uses."""
    first, second = ctypes.c_void_p(), ctypes.c_void_p()
    for address in (first, second):
        _check(module.C_GetFunctionList(ctypes.byref(address)))
    if first.value == second.value:
        return first.value or 0
    return own_function_list(library)


def own_function_list(library: _pkcs11.lib) -> int:
    """The list inside python-pkcs11's object, which it does not show: the first field after the header.

    Wanted for modules that give every asker an instance of its own (p11-kit's client), where the sessions
    of one list mean nothing to another. Holds for the pinned python-pkcs11; a test compares it.
    """
    return ctypes.c_void_p.from_address(id(library) + object.__basicsize__).value or 0


def _check(code: int) -> None:
    if code:
        raise error_of(code)
