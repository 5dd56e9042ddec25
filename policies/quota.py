"""Quotas: how often may this happen, and what if the counters are away? Pure data from TOML."""

import re
import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from policies.errors import QuotaRefused

_LIMIT = re.compile(r"([1-9][0-9]{0,6})/([1-9][0-9]{0,3})?([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
# Exact counting remembers one time an event.
MAX_EXACT_TIMES = 1000


class Quota(BaseModel):
    """``limit`` is ``times/window``. ``when_away`` says what an outage of the counters means.

    ``where``: who counts, the web's counters or the key process's own database.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
    limit: Annotated[str, StringConstraints(pattern=rf"^{_LIMIT.pattern}$")]
    exact: bool = False
    when_away: Literal["closed", "open"]
    where: Literal["web", "key-process"] = "web"
    reading: bool = False
    basis: str = Field(min_length=3)
    title: str = Field(min_length=3)
    title_en: str = Field(min_length=3)

    @model_validator(mode="after")
    def check_conduct(self) -> "Quota":
        """Raise ValueError when an outage would open what must stay shut."""
        if self.when_away == "open" and not self.reading:
            raise ValueError('only reading may be open in an outage: when_away = "closed"')
        if self.where == "key-process" and (self.exact or self.reading):
            raise ValueError("the key process weighs two windows and counts signatures, nothing else")
        if self.exact and self.times > MAX_EXACT_TIMES:
            raise ValueError(f"exact counting is for up to {MAX_EXACT_TIMES} events")
        return self

    @property
    def times(self) -> int:
        """How many events a window allows."""
        return int(self._limit()[1])

    @property
    def window_seconds(self) -> int:
        """The window's length in seconds."""
        match = self._limit()
        return int(match[2] or 1) * _SECONDS[match[3]]

    def _limit(self) -> re.Match[str]:
        match = _LIMIT.fullmatch(self.limit)
        if match is None:  # the field's pattern was checked when the quota was made
            raise QuotaRefused(f"Quota {self.name}: {self.limit} is no limit.")
        return match


def parse_quotas(text: str) -> Mapping[str, Quota]:
    """Read ``quotas.toml``; by name. Raises QuotaRefused naming quota and fault."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise QuotaRefused(f"quotas.toml is not TOML: {error}") from error
    return MappingProxyType({name: _parse_quota(name, table) for name, table in tables.items()})


def _parse_quota(name: str, table: object) -> Quota:
    if not isinstance(table, dict):
        raise QuotaRefused(f"quotas.toml: {name} must be a table.")
    try:
        return Quota.model_validate({**table, "name": name})
    except ValidationError as error:
        faults = "; ".join(
            ": ".join([*map(str, fault["loc"]), fault["msg"].removeprefix("Value error, ")])
            for fault in error.errors()
        )
        raise QuotaRefused(f"Quota {name}: {faults}.") from error
