"""A logout request from a relying party, or none at all: judge it, and end the session when that is sure."""

from collections.abc import Callable
from dataclasses import dataclass

from idp.errors import JwsRefused, KeysUnavailable
from idp.evidence.event import Event, Evidence
from idp.logout.end_session import LOGOUT, EndSession
from idp.logout.id_token_hint import read_id_token_hint
from idp.protocol.client import Client
from idp.protocol.compact_jws import VerifyingKey
from idp.protocol.logout import LogoutDecision, LogoutHint, LogoutRequest, decide_logout
from idp.protocol.session import Session


@dataclass(frozen=True, slots=True)
class LogoutOutcome:
    """``ended``: the session that is over now, if this browser had one."""

    decision: LogoutDecision
    ended: Session | None


class HandleLogout:
    def __init__(
        self,
        *,
        issuer: str,
        find_client: Callable[[str], Client | None],
        find_key: Callable[[object], VerifyingKey | None],
        end_session: EndSession,
        evidence: Evidence,
    ) -> None:
        self._issuer = issuer
        self._find_client = find_client
        self._find_key = find_key
        self._end_session = end_session
        self._evidence = evidence

    def __call__(
        self, request: LogoutRequest, session: Session | None, *, confirmed: bool, now: int
    ) -> LogoutOutcome:
        """``session``: this browser's. Raises StoreUnavailable: then nobody may be told they are out."""
        hint, doubt = self._read_hint(request.id_token_hint)
        client = self._find_client(request.client_id or (hint.client_id if hint else ""))
        decision = decide_logout(request, hint, doubt, client, session, confirmed=confirmed)
        if decision.doubt:
            self._record(decision, session, now)
        if session is None or (decision.confirm and not confirmed):
            return LogoutOutcome(decision, None)
        self._end_session(session.session_id, reason=LOGOUT, now=now)
        return LogoutOutcome(decision, session)

    def _read_hint(self, compact: str) -> tuple[LogoutHint | None, str]:
        if not compact:
            return None, ""
        try:
            return read_id_token_hint(compact, self._issuer, self._find_key), ""
        except JwsRefused as refused:
            return None, refused.detail or "hint"
        except KeysUnavailable:
            # The person can still log out: they are asked, and stay here.
            return None, "keys_away"

    def _record(self, decision: LogoutDecision, session: Session | None, now: int) -> None:
        self._evidence.record(
            Event(
                "logout.refused",
                now,
                client_id=decision.client.client_id if decision.client else "",
                session_id=session.session_id if session else "",
                details={"reason": decision.doubt},
            )
        )
