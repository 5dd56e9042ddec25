"""An authorization request that passed every rule. It is stored as JSON, so it holds plain values only."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from idp.protocol.csc_credential import is_csc

QUERY, FORM_POST, JWT, QUERY_JWT, FORM_POST_JWT = "query", "form_post", "jwt", "query.jwt", "form_post.jwt"
RESPONSE_MODES = (QUERY, FORM_POST, JWT, QUERY_JWT, FORM_POST_JWT)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the answer goes. ``redirect_uri`` is registered for this client: only the rule makes one."""

    client_id: str
    redirect_uri: str
    state: str = ""
    response_mode: str = QUERY

    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Parameters as OpenID Connect Core §3.1.2.1 names them, parsed; what was left out is empty.

    ``scope``: in the order asked. ``max_age``: seconds, the client's default included; None: any age.
    ``acr_values``: voluntary, the client's default included. ``essential_acr``: from the ``claims``
    parameter (Core §5.5.1.1); one of them or nothing. ``claims``: the whole parameter. ``wanted_sub``: the
    ``sub`` that id_token_hint or the claims parameter names, as this client knows it. ``details``: RFC 9396.
    """

    destination: Destination
    scope: str = ""
    nonce: str = ""
    code_challenge: str = ""
    prompts: tuple[str, ...] = ()
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    essential_acr: tuple[str, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    wanted_sub: str = ""
    login_hint: str = ""
    ui_locales: str = ""
    claims_locales: str = ""
    display: str = ""
    resources: tuple[str, ...] = ()
    details: tuple[Mapping[str, Any], ...] = ()
    dpop_jkt: str = ""
    mtls_thumbprint: str = ""

    @property
    def client_id(self) -> str:
        return self.destination.client_id

    @property
    def to_sign(self) -> Mapping[str, Any] | None:
        """What the person shall approve to be signed (CSC scope ``credential``), if anything."""
        return next((detail for detail in self.details if is_csc(detail)), None)

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.scope.split())

    def plain(self) -> dict[str, Any]:
        """For storing; ``from_plain`` reads it."""
        return asdict(self)

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> "AuthorizationRequest":
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()
        }
        values["destination"] = Destination(**plain["destination"])
        return AuthorizationRequest(**values)
