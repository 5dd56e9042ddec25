"""SoftHSM for tests: one token directory a test session, any number of tokens in it, told apart by label.

SOFTHSM2_CONF counts when the module is initialised, and a process has the module once; so all tests of a
process share the directory. A test that takes the directory away, or forks, runs a program of its own
with ``SoftHsmTokenFactory(tmp_path)`` and ``environment``.
"""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hsm.token.provision import SOFTHSM, make_softhsm_token, write_softhsm_conf
from hsm.token.token import TokenSettings

PIN = "pin-of-a-test-48151623"
SO_PIN = "so-pin-of-a-test-108"


@dataclass(frozen=True)
class SoftHsmTokenFactory:
    """Makes tokens below ``root``. Nothing is loaded into this process."""

    root: Path
    _numbers: Iterator[int]

    @classmethod
    def below(cls, root: Path) -> "SoftHsmTokenFactory":
        """Write the configuration."""
        factory = cls(root, itertools.count(1))
        write_softhsm_conf(factory.conf, factory.tokens)
        (root / "pin").write_text(PIN + "\n")
        (root / "so-pin").write_text(SO_PIN + "\n")
        return factory

    @property
    def conf(self) -> Path:
        """What SOFTHSM2_CONF must name."""
        return self.root / "softhsm2.conf"

    @property
    def tokens(self) -> Path:
        """The directory that holds the tokens."""
        return self.root / "tokens"

    @property
    def pin_file(self) -> Path:
        """The user PIN of every token made here."""
        return self.root / "pin"

    @property
    def environment(self) -> dict[str, str]:
        """The environment for a program of its own that uses these tokens."""
        return {**os.environ, "SOFTHSM2_CONF": str(self.conf)}

    def fresh(self, **changes: object) -> TokenSettings:
        """A new empty token: what ``Token.open`` takes, with ``changes`` to its fields."""
        label = f"token {next(self._numbers)}"
        make_softhsm_token(self.conf, label, so_pin_file=self.root / "so-pin", pin_file=self.pin_file)
        known: dict[str, object] = {
            "module": SOFTHSM, "vendor": "softhsm", "token_label": label, "pin_file": self.pin_file,
        }  # fmt: skip
        return TokenSettings(**{**known, **changes})


@pytest.fixture(scope="session")
def softhsm_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsmTokenFactory]:
    """This test session's SoftHSM: ``Token.open(softhsm_token.fresh())``."""
    factory = SoftHsmTokenFactory.below(tmp_path_factory.mktemp("softhsm"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(factory.conf))
        yield factory
