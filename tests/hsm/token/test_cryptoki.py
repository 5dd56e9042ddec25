"""The function list that ctypes calls is the one that python-pkcs11 calls."""

import ctypes

from hsm.token.cryptoki import Cryptoki, own_function_list
from hsm.token.token import TokenSettings


def test_python_pkcs11_keeps_its_function_list_where_it_is_read(settings: TokenSettings) -> None:
    asked = ctypes.c_void_p()
    assert ctypes.CDLL(str(settings.module)).C_GetFunctionList(ctypes.byref(asked)) == 0
    assert own_function_list(Cryptoki(settings.module).library) == asked.value
