"""Reads ``vendors.toml``: what a PKCS#11 module can do and will not hear."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import TypeVar

from pkcs11.constants import Attribute
from pydantic import BaseModel, ConfigDict

from hsm.algorithms import SignatureAlgorithm
from hsm.errors import MechanismRefused

T = TypeVar("T")


class Vendor(BaseModel):
    """One table of ``vendors.toml``, whose head explains the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    initialize: str
    algorithms: frozenset[SignatureAlgorithm]
    wrap_mechanism: int
    drop: frozenset[str]
    login: bool
    trusted: bool
    unwrap_template: bool
    unwrap_extra: dict[str, int]

    def accepted(self, template: Mapping[int, T]) -> dict[int, T]:
        """``template`` without the attributes this module refuses."""
        return {key: value for key, value in template.items() if Attribute(key).name not in self.drop}

    def check_algorithm(self, algorithm: SignatureAlgorithm) -> None:
        """Raise MechanismRefused unless the module signs so."""
        if algorithm not in self.algorithms:
            raise MechanismRefused(
                f"The token cannot sign with {algorithm}.", detail=f"vendor {self.name} has no {algorithm}"
            )


def get_vendor(name: str) -> Vendor:
    """The vendor of this name; raises MechanismRefused listing the known ones."""
    tables = tomllib.loads(files("hsm.token").joinpath("vendors.toml").read_text("utf-8"))
    if name not in tables:
        raise MechanismRefused(f"No HSM vendor is called {name!r}; known are: {', '.join(sorted(tables))}.")
    return Vendor(name=name, **tables[name])
