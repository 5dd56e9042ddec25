"""RFC 9396, and what the CSC API asks for by scope ``credential``: what exactly is to be authorised."""

from collections.abc import Mapping
from typing import Any

from idp.errors import InvalidAuthorizationDetails
from idp.protocol.authorization_details import granted_details
from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.errors import INVALID_SCOPE, AuthorizationRefused
from idp.protocol.csc_credential import CREDENTIAL_SCOPE, detail_of_parameters, is_csc


def read_details(asked: Asked, scope: str) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    """The scope, with ``credential`` in it when a detail asks for one, and the details.

    Raises InvalidAuthorizationDetails, AuthorizationRefused.
    """
    wanted_details = asked.get("authorization_details") or None
    details = granted_details(asked.client, wanted_details, person_approves=True)
    credentials = [detail for detail in details if is_csc(detail)]
    if len(credentials) > 1:
        raise InvalidAuthorizationDetails("Ask for one credential at a time.", detail="several credentials")
    scopes = frozenset(scope.split())
    if credentials:
        if CREDENTIAL_SCOPE not in asked.client.scopes:
            raise AuthorizationRefused(INVALID_SCOPE, "This client is not registered for scope credential.")
        return (scope if CREDENTIAL_SCOPE in scopes else f"{scope} {CREDENTIAL_SCOPE}"), tuple(details)
    wanted = detail_of_parameters(asked.get, scopes)
    return scope, (*details, wanted) if wanted else tuple(details)
