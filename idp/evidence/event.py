"""An event, before it is written down. ``catalogue.py`` says which exist and what each may carry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Event:
    """``name``: as in the catalogue, ``login.succeeded``. ``at``: Unix seconds. Ids only, no personal data.

    ``details``: what the catalogue lets this event carry besides, plain JSON values.
    """

    name: str
    at: int
    person_id: str = ""
    client_id: str = ""
    session_id: str = ""
    request_id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class Evidence(Protocol):
    """Where events go."""

    def record(self, event: Event) -> None:
        """Durable when this returns. Raises StoreUnavailable; ValueError for what the catalogue lacks."""
