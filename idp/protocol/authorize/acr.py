"""Which acr is asked for, and which of it is more than a wish (Core §3.1.2.1, §5.5.1.1; Registration §2)."""

from collections.abc import Mapping
from typing import Any

from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.claims_parameter import acr_claim


def read_acr(
    asked: Asked, claims: Mapping[str, Mapping[str, Any]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(voluntary, essential). An essential acr without values is any acr, and any answer has one."""
    named, essential = acr_claim(claims)
    voluntary = tuple(dict.fromkeys(asked.get("acr_values").split()))
    if named and essential:
        return voluntary, named
    return voluntary or named or asked.client.metadata.default_acr_values, ()
