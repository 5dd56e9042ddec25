"""What a person allowed a client before (store/consents.py keeps it)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remembered:
    """Names of scopes and of claims. ``declined``: optional claims that the person does not want to share."""

    scopes: frozenset[str] = frozenset()
    claims: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()


NOTHING_REMEMBERED = Remembered()
