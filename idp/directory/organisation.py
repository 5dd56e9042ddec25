"""An organisation of the state, as the directory knows it."""

from dataclasses import dataclass

ACTIVE, CLOSED = "active", "closed"


@dataclass(frozen=True, slots=True)
class Organisation:
    """``code``: of Quyết định 20/2020/QĐ-TTg (``agency_code``). The one above is in the code itself.

    A closed organisation keeps its code for ever: what it signed still names it.
    """

    code: str
    name: str
    state: str = ACTIVE
