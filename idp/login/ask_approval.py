"""CSC scope ``credential``: have the person approve, on the signing service's own page, what is to be signed.

Not on our pages: the key process refuses an approval made there, so that whoever takes over this provider
cannot collect signatures under the guise of a login. We tell who the person is and which system asks, learn
how it ended, and put the approval's handle into the token; the SAD itself we never see.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from idp.directory.subjects import Subjects
from idp.errors import SigningServiceUnavailable
from idp.login.journey import Journey
from idp.protocol.authorize.errors import ACCESS_DENIED
from idp.protocol.client import Client
from idp.protocol.csc_credential import is_csc
from idp.store.journeys import Journeys
from idp.token_keys import TokenKeys

TOKEN_SECONDS = 60
SCOPE = "approvals"
_IN_TOKEN = ("type", "credentialID", "numSignatures")


@dataclass(frozen=True, slots=True)
class AskApproval:
    """``resource``: the signing service's identifier, the audience; ``location``: where it is reached."""

    issuer: str
    resource: str
    location: str
    http: Callable[[], httpx.Client]
    token_keys: TokenKeys
    subjects: Subjects
    journeys: Journeys

    def begin(self, journey: Journey, person_id: str, client: Client, now: int) -> str:
        """The address of the page for this person, a new approval unless one of theirs is under way.

        "" when the signing service will not have it (another's credential, say): the journey is refused.
        Raises SigningServiceUnavailable.
        """
        if journey.approval and journey.approval_of == person_id:
            return journey.approval_uri
        detail = journey.request.to_sign
        if detail is None:
            raise RuntimeError("nothing is to be signed in this journey")
        told = self._call(
            "POST",
            "/v1/approvals",
            now,
            {
                "client_id": client.client_id,
                "client_name": client.name,
                "person_id": self.subjects.public_sub(person_id),
                "credential_id": detail["credentialID"],
                "signatures": detail["numSignatures"],
                "documents": [
                    {"digest": one["hash"], "title": one["label"]} for one in detail["documentDigests"]
                ],
                "prepared": list(detail.get("preparedSignatures", ())),
                "return_uri": f"{self.issuer}/authorize/resume/{quote(journey.journey_id)}",
            },
        )
        if told is None:
            self.journeys.record(journey.journey_id, refused=ACCESS_DENIED)
            return ""
        page = str(told["approval_uri"])
        self.journeys.record(
            journey.journey_id, approval=told["handle"], approval_uri=page, approval_of=person_id
        )
        return page

    def look(self, journey: Journey, now: int) -> Journey:
        """The journey with what the signing service says of its approval, if it has one under way.

        Raises SigningServiceUnavailable.
        """
        if not journey.approval or journey.approved or journey.refused:
            return journey
        told = self._call("GET", f"/v1/approvals/{quote(journey.approval)}", now)
        state = told["state"] if told else "rejected"  # gone is as good as no
        if state == "pending":
            return journey
        changes: dict[str, Any] = {"refused": ACCESS_DENIED}
        if told and state == "approved":
            signatures, left_out = told["signatures"], told["left_out"]
            changes = {"approved": True, "approved_signatures": signatures, "left_out": left_out}
        return self.journeys.record(journey.journey_id, **changes) or journey

    def _call(self, method: str, path: str, now: int, body: object = None) -> dict[str, Any] | None:
        """The answer, None when it is refused (4xx)."""
        # Our own token for the signing service names the issuer as the client: nobody else can have one.
        token = self.token_keys.sign(
            "ES256",
            {
                "iss": self.issuer, "sub": self.issuer, "client_id": self.issuer, "aud": self.resource,
                "iat": now, "exp": now + TOKEN_SECONDS, "jti": secrets.token_urlsafe(18), "scope": SCOPE,
            },
        )  # fmt: skip
        try:
            answer = self.http().request(
                method,
                f"{self.location}{path}",
                content=orjson.dumps(body) if body is not None else None,
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
        except httpx.HTTPError as error:
            raise SigningServiceUnavailable(detail=f"signing service: {type(error).__name__}") from error
        if answer.status_code in (401, 403, 429) or answer.status_code >= 500:
            raise SigningServiceUnavailable(detail=f"signing service: {answer.status_code}")
        if answer.status_code >= 400:
            return None
        told: dict[str, Any] = answer.json()
        return told


def redeemable(details: Sequence[Mapping[str, Any]], journey: Journey) -> tuple[Mapping[str, Any], ...]:
    """Details for the token: what was approved is named by its handle, and its hashes stay where they are.

    RFC 9396 §7: as the person granted them. ``leftOut``: which of the documents asked for they took out.
    """
    return tuple(_redeemable(one, journey) if is_csc(one) else one for one in details)


def _redeemable(detail: Mapping[str, Any], journey: Journey) -> dict[str, Any]:
    told = {name: detail[name] for name in _IN_TOKEN} | {"approval": journey.approval}
    if journey.left_out:
        told |= {"numSignatures": journey.approved_signatures, "leftOut": journey.left_out}
    return told
