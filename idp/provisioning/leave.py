"""A person leaves or is suspended: within this one act nothing of theirs opens anything any more."""

from dataclasses import dataclass
from typing import Protocol

from idp.directory.person import LEFT, SUSPENDED
from idp.evidence.event import Event
from idp.evidence.record import EvidenceRecorder
from idp.logout.end_session import EndSession
from idp.store.people import People


class OfflineTokens(Protocol):
    """The part of the refresh store that is used here."""

    def revoke_person(self, person_id: str, reason: str, now: int) -> object:
        """Revoke every family of this person, those with offline_access too."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Steps, in this order, so that whatever fails leaves less open than before:

    1. the state: from here on nobody logs in as this person;
    2. every session ends: introspection says no, back-channel logouts are queued;
    3. refresh tokens that outlive sessions are revoked;
    4. the event.

    Repeating it is safe, and completes what a failure cut short.
    """

    people: People
    end_session: EndSession
    evidence: EvidenceRecorder
    offline: OfflineTokens

    def __call__(self, person_id: str, *, by: str, now: int) -> None:
        """Raises StoreUnavailable. ``by``: the client or administrator."""
        self._shut_out(person_id, LEFT, by=by, now=now)

    def suspend(self, person_id: str, *, by: str, now: int) -> None:
        """As leaving, until an administrator takes it back: what was open stays closed then."""
        self._shut_out(person_id, SUSPENDED, by=by, now=now)

    def _shut_out(self, person_id: str, state: str, *, by: str, now: int) -> None:
        # The states are also the reasons in end_session.py.
        self.people.change_state(person_id, state, now)
        self.end_session.all_of(person_id, reason=state, now=now, by=by)
        self.offline.revoke_person(person_id, state, now)
        self.evidence.record(
            Event("person.state_changed", now, person_id=person_id, details={"state": state, "by": by})
        )
