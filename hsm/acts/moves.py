"""The states of a credential and every move between them: the one place that says what may follow what.

::

    created ──activate──▶ active ◀──resume── suspended
                            │ ─────suspend─────▶ │
    created, active, suspended ──revoke──▶ revoked          for ever
    any of these ──destroy──▶ destroyed                      for ever

Renewal, a move to another office and the hand-over of a seal change a credential and leave its state.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hsm.errors import ActMalformed
from policies.model import ActionName

CREATED, ACTIVE, SUSPENDED, REVOKED, DESTROYED = "created", "active", "suspended", "revoked", "destroyed"
STATES = frozenset({CREATED, ACTIVE, SUSPENDED, REVOKED, DESTROYED})
# Nothing leads out of these but destruction.
ENDED = frozenset({REVOKED, DESTROYED})


@dataclass(frozen=True, slots=True)
class Move:
    """From one of ``before`` to ``after``; ``None``: the state stays as it is."""

    before: frozenset[str]
    after: str | None = None


MOVES: Mapping[ActionName, Move] = MappingProxyType(
    {
        ActionName.ACTIVATE_CREDENTIAL: Move(frozenset({CREATED}), ACTIVE),
        ActionName.SUSPEND_CREDENTIAL: Move(frozenset({ACTIVE}), SUSPENDED),
        ActionName.SUSPEND_HOLDER: Move(frozenset({ACTIVE}), SUSPENDED),
        ActionName.RESUME_CREDENTIAL: Move(frozenset({SUSPENDED}), ACTIVE),
        ActionName.REVOKE_CREDENTIAL: Move(frozenset({CREATED, ACTIVE, SUSPENDED}), REVOKED),
        ActionName.DESTROY_CREDENTIAL: Move(frozenset({CREATED, ACTIVE, SUSPENDED, REVOKED}), DESTROYED),
        ActionName.RENEW_CREDENTIAL: Move(frozenset({ACTIVE})),
        ActionName.ACTIVATE_RENEWAL: Move(frozenset({ACTIVE})),
        ActionName.MOVE_CREDENTIAL: Move(frozenset({ACTIVE, SUSPENDED})),
        ActionName.HAND_OVER_SEAL: Move(frozenset({CREATED, ACTIVE, SUSPENDED})),
    }
)


def state_after(action: ActionName, state: str) -> str:
    """The state that ``action`` leads to from ``state``. Raises ActMalformed when it may not follow."""
    move = MOVES[action]
    check_moved(moved=state in move.before)
    return move.after or state


def check_moved(*, moved: bool) -> None:
    """Raises ActMalformed unless the store changed a credential that was in the right state."""
    if not moved:
        raise ActMalformed("The credential is not in a state that allows this.")
