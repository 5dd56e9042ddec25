"""What the consent page says: the groups of information that a client asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idp.protocol.authorize.asked_claims import asked_claims, essential_claims
from idp.protocol.authorize.request import AuthorizationRequest


@dataclass(frozen=True, slots=True)
class Shared:
    """A scope or a claim, whose words the template has. ``optional``: the person may leave it out."""

    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """``scopes``: in the order asked. ``claims``: those asked one by one. ``details``: RFC 9396, as asked."""

    scopes: Sequence[Shared]
    claims: Sequence[Shared]
    details: Sequence[Mapping[str, Any]]


def consent_page(request: AuthorizationRequest) -> ConsentPage:
    """``openid`` itself is not shown: it shares nothing but that it is the same person as last time."""
    essential = essential_claims(request.claims)
    return ConsentPage(
        scopes=[Shared(name) for name in request.scope.split() if name != "openid"],
        claims=[Shared(name, name not in essential) for name in asked_claims(request.claims, request.scopes)],
        details=request.details,
    )


def chosen_claims(request: AuthorizationRequest, ticked: Sequence[str]) -> tuple[str, ...]:
    """The claims of a filled-in form: the essential ones and those that were ticked, no others."""
    essential = essential_claims(request.claims)
    return tuple(
        name for name in asked_claims(request.claims, request.scopes) if name in essential or name in ticked
    )
