"""One authorization request under way in one browser tab, from /authorize to the answer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from idp.protocol.authorize.request import AuthorizationRequest

OTHER_ACCOUNT = "other"


@dataclass(frozen=True, slots=True)
class LoginAsked:
    """What the login pages are asked for, when the next step is to log in.

    ``acr_values``: at least one rung of these, lowest first; empty: any. ``required``: what will just do
    when the person has no better factor; below it the request is refused. ``reason``: login (nobody is
    there), reauthenticate (prompt=login, max_age), step_up, other_account. ``session_id`` and
    ``auth_time``: of the session when this was asked, "" and 0 without one; how a return is told from a
    reload.
    """

    reason: str
    acr_values: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    session_id: str = ""
    auth_time: int = 0


@dataclass(frozen=True, slots=True)
class Consented:
    """What the person allowed on the consent page of this journey. Worth nothing to another person."""

    person_id: str
    scope: str
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Journey:
    """Kept in Redis (store/journeys.py). Times are Unix seconds.

    ``journey_id``: 128 random bits, base64url; it stands in URLs and gives nobody anything: what was done
    is bound to a session or a person. ``session_id``, ``auth_time``: of the browser's session when the
    journey began, so that a login in it can be told from one before. ``spends``: the single-use thing
    that the answer spends: a request_uri (RFC 9126), or a request object's jti. ``login``: what the login
    pages were asked for last. ``refused``: an OAuth error that ends the journey (the person said no, or
    has no such factor). ``account``: the session that the person chose to go on with
    (prompt=select_account), or OTHER_ACCOUNT. ``mandate_id``: None until chosen; "" for oneself.
    ``approval``: the handle of an approval that the person gives at the signing service, for
    ``approval_of`` alone; ``approved``: it said so, for ``approved_signatures``, without the documents that
    the person took out: ``left_out``, counted from 1.
    """

    journey_id: str
    request: AuthorizationRequest
    created_at: int
    session_id: str = ""
    auth_time: int = 0
    spends: str = ""
    login: LoginAsked | None = None
    refused: str = ""
    account: str = ""
    mandate_id: str | None = None
    consented: Consented | None = None
    approval: str = ""
    approval_uri: str = ""
    approval_of: str = ""
    approved: bool = False
    approved_signatures: int = 0
    left_out: str = ""

    @property
    def client_id(self) -> str:
        return self.request.client_id

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> "Journey":
        login, consented = plain["login"], plain["consented"]
        values = {**plain, "request": AuthorizationRequest.from_plain(plain["request"])}
        if login:
            values["login"] = LoginAsked(**_tupled(login))
        if consented:
            values["consented"] = Consented(**_tupled(consented))
        return Journey(**values)


def _tupled(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
