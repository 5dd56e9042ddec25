"""Tell relying parties that a session is over: sign a logout token, post it, keep at it until it is taken."""

import secrets
from collections.abc import Callable
from typing import Protocol

from idp.errors import KeysUnavailable, OutboundError
from idp.evidence.event import Event, Evidence
from idp.outbound.client import OutboundClient
from idp.protocol.client import Client
from idp.protocol.logout_token import LOGOUT_TOKEN_TYP, logout_token_claims
from idp.store.logout_deliveries import DEAD, DELIVERED, Delivery, LogoutDeliveries
from idp.token_keys import TokenKeys

# 4 s, 12 s, 36 s, 108 s, ... and from then on every half hour.
FIRST_PAUSE, FACTOR, LONGEST_PAUSE = 4, 3, 1800
KEYS_AWAY_PAUSE = 5


class Subjects(Protocol):
    def sub_for(self, person_id: str, client: Client) -> str:
        """The ``sub`` that this client knows the person by."""


class DeliverLogout:
    """One attempt at one delivery. ``give_up_after``: seconds from the logout to the dead letter."""

    def __init__(
        self,
        *,
        issuer: str,
        deliveries: LogoutDeliveries,
        find_client: Callable[[str], Client | None],
        subjects: Subjects | None,
        token_keys: TokenKeys,
        outbound: OutboundClient,
        evidence: Evidence,
        give_up_after: int,
    ) -> None:
        self._issuer = issuer
        self._deliveries = deliveries
        self._find_client = find_client
        self._subjects = subjects
        self._token_keys = token_keys
        self._outbound = outbound
        self._evidence = evidence
        self._give_up_after = give_up_after

    def __call__(self, delivery: Delivery, now: int) -> str:
        """What became of it: "" when it was delivered, else one word. Raises StoreUnavailable.

        1. The client as it is registered now: a URI that was changed since is the one to use.
        2. A token of its own for each attempt: signed by the key process, fresh for two minutes.
        3. Post it. 200 and 204 mean that it was done (§2.8); a redirect or anything else does not.
        4. Write down the outcome, if the lease is still ours.
        """
        client = self._find_client(delivery.client_id)
        if client is None or not client.active or not client.metadata.backchannel_logout_uri:
            return self._give_up(delivery, "client_gone", now)
        try:
            token = self._sign(delivery, client, now)
        except KeysUnavailable:
            # Nobody's fault at the other side, so it does not count against the time either.
            self._deliveries.put_off(delivery, error="keys_away", due_at=now + KEYS_AWAY_PAUSE)
            return "keys_away"
        try:
            answer = self._outbound.post_form(client.metadata.backchannel_logout_uri, {"logout_token": token})
            error = "" if answer.status in (200, 204) else f"http_{answer.status}"
        except OutboundError as refused:
            error = refused.detail
        if not error:
            return self._done(delivery, now)
        if now - delivery.created_at >= self._give_up_after:
            return self._give_up(delivery, error, now)
        self._deliveries.put_off(delivery, error=error, due_at=now + pause_after(delivery.attempts))
        return error

    def _sign(self, delivery: Delivery, client: Client, now: int) -> str:
        claims = logout_token_claims(
            issuer=self._issuer,
            client_id=client.client_id,
            subject=self._subjects.sub_for(delivery.person_id, client) if self._subjects else "",
            session_id=delivery.session_id,
            jti=secrets.token_urlsafe(18),
            now=now,
        )
        # §2.6: by the algorithm that the client verifies its ID tokens with.
        algorithm = client.metadata.id_token_signed_response_alg
        return self._token_keys.sign(algorithm, claims, typ=LOGOUT_TOKEN_TYP)

    def _done(self, delivery: Delivery, now: int) -> str:
        if self._deliveries.finish(delivery, state=DELIVERED, error="", now=now):
            self._record("logout.delivered", delivery, now, {"seconds": max(0, now - delivery.created_at)})
        return ""

    def _give_up(self, delivery: Delivery, error: str, now: int) -> str:
        if self._deliveries.finish(delivery, state=DEAD, error=error, now=now):
            self._record("logout.undelivered", delivery, now, {"error": error})
        return error

    def _record(self, name: str, delivery: Delivery, now: int, details: dict[str, object]) -> None:
        self._evidence.record(
            Event(
                name,
                now,
                person_id=delivery.person_id,
                client_id=delivery.client_id,
                session_id=delivery.session_id,
                details={"attempts": delivery.attempts, **details},
            )
        )


def pause_after(attempts: int) -> int:
    """Seconds until the next attempt: growing, and with a third of it by chance, so that a relying party
    that comes back is not met by all of them at once.
    """
    pause: int = min(FIRST_PAUSE * FACTOR ** min(attempts - 1, 10), LONGEST_PAUSE)
    return pause + secrets.randbelow(pause // 3 + 1)
