"""What a person allowed a client: the record behind a code, and behind the tokens that come of it.

It is stored as JSON (Redis for a code, SQL for a refresh family), so it holds plain values only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from idp.protocol.assurance import Authentication


@dataclass(frozen=True, slots=True)
class Authorization:
    """One person, one client, one authentication, one answer to what was asked.

    ``scope``: granted, space-separated, in the order asked. ``resources``: granted (RFC 8707). ``claims``:
    the ``claims`` parameter as parsed (Core §5.5): ``{"id_token": {...}, "userinfo": {...}}``.
    ``details``: granted ``authorization_details`` (RFC 9396). ``redirect_uri``: as sent, exactly.
    ``code_challenge``: S256. ``dpop_jkt``: RFC 9449 §10, or "". ``mtls_thumbprint``: RFC 8705, or "".
    ``granted_at``: Unix seconds.
    """

    client_id: str
    authentication: Authentication
    scope: str
    granted_at: int
    redirect_uri: str = ""
    nonce: str = ""
    code_challenge: str = ""
    dpop_jkt: str = ""
    mtls_thumbprint: str = ""
    resources: Sequence[str] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    details: Sequence[Mapping[str, Any]] = ()
    max_age_asked: bool = False

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.scope.split())

    def plain(self) -> dict[str, Any]:
        """For storing; ``from_plain`` reads it."""
        return asdict(self)

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> "Authorization":
        authentication = dict(plain["authentication"])
        authentication["amr"] = tuple(authentication["amr"])
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()
        }
        return Authorization(**{**values, "authentication": Authentication(**authentication)})
