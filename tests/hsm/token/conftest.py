"""The tests here run against two PKCS#11 modules that share no code: SoftHSM and NSS softokn."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pkcs11 import ObjectClass
from pkcs11.constants import Attribute

from hsm.token.module import Module
from hsm.token.token import Token, TokenSettings
from hsm.token.vendors import Vendor, get_vendor
from tests.servers.softhsm import SoftHsmTokenFactory
from tests.servers.softokn import softokn_settings  # noqa: F401 - a fixture of these tests alone

_numbers = itertools.count(1)


@pytest.fixture(scope="session", params=["softhsm", "softokn"])
def settings(request: pytest.FixtureRequest, softhsm_token: SoftHsmTokenFactory) -> TokenSettings:
    """A token of each vendor."""
    if request.param == "softhsm":
        return softhsm_token.fresh()
    found: TokenSettings = request.getfixturevalue("softokn_settings")
    return found


@pytest.fixture(scope="session")
def token(settings: TokenSettings) -> Iterator[Token]:
    """The token, open, with its canary."""
    opened = Token.open(settings)
    opened.make_canary()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def vendor(settings: TokenSettings) -> Vendor:
    """What this token's module can do."""
    return get_vendor(settings.vendor)


@pytest.fixture
def label() -> str:
    """A label no other test uses."""
    return f"key {next(_numbers)}"


@pytest.fixture(scope="session")
def kek(token: Token) -> str:
    """The label of a KEK in the token."""
    name = f"kek {next(_numbers)}"
    token.generate_kek(name)
    return name


@pytest.fixture
def intruder(settings: TokenSettings, token: Token) -> Iterator[Any]:
    """A session of someone who got into the key process: it is logged in, as the process is."""
    reserved = get_vendor(settings.vendor).initialize.format(
        config_dir=settings.nss_config_dir or "", token_label=settings.token_label
    )
    module = Module.loaded(settings.module, reserved=reserved)
    session = module.library.get_token(token_label=settings.token_label).open(rw=True)
    yield session
    session.close()
    module.release()


@pytest.fixture
def object_of(intruder: Any) -> Callable[[str, ObjectClass], Any]:
    """The token object of a label and class, as the intruder sees it."""

    def find(name: str, object_class: ObjectClass) -> Any:
        wanted = {Attribute.LABEL: name, Attribute.CLASS: object_class, Attribute.TOKEN: True}
        (found,) = intruder.get_objects(wanted)
        return found

    return find
