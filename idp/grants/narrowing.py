"""What one token request asks of an authorization: less, or all of it, never more (RFC 6749 §6, RFC 8707)."""

from collections.abc import Mapping
from dataclasses import replace

from idp.errors import InvalidGrant, InvalidScope, InvalidTarget
from idp.grants.form_request import FormRequest
from idp.grants.person_tokens import Wanted
from idp.protocol.authorization import Authorization
from idp.protocol.client import Client
from idp.protocol.csc_credential import is_csc

# Without scope openid it makes no sense at the provider itself.
USERINFO_SCOPE = "openid"


def narrow(request: FormRequest, client: Client, authorization: Authorization, issuer: str) -> Wanted:
    """What an administrator took away from the client meanwhile is gone from its old authorizations too.

    Raises InvalidScope, InvalidTarget, InvalidGrant.
    """
    form = request.strict_form
    authorization = _as_registered_today(authorization, client)
    scope = _scope(form.fields, authorization)
    resource = _resource(form.resources, authorization, issuer, scope)
    # authorization_details are for the resource they were granted for, not for userinfo.
    details = authorization.details if resource != issuer or not authorization.resources else ()
    return Wanted(scope, resource, details)


def _as_registered_today(authorization: Authorization, client: Client) -> Authorization:
    scopes = [scope for scope in authorization.scope.split() if scope in client.scopes]
    resources = tuple(each for each in authorization.resources if each in client.resources)
    if (authorization.scope and not scopes) or (authorization.resources and not resources):
        # Without any of its resources the token would become one for the provider itself.
        raise InvalidGrant("This client may have nothing of that any more.", detail="registration narrowed")
    details = tuple(
        detail
        for detail in authorization.details
        if is_csc(detail) or detail["credentialID"] in client.credential_ids
    )
    if authorization.details and not details:
        raise InvalidGrant("This client may have nothing of that any more.", detail="registration narrowed")
    return replace(authorization, scope=" ".join(scopes), resources=resources, details=details)


def _scope(fields: Mapping[str, str], authorization: Authorization) -> str:
    asked = fields.get("scope")
    if asked is None:
        return authorization.scope
    wanted = set(asked.split(" "))
    if "" in wanted or not wanted <= authorization.scopes:
        raise InvalidScope("Ask for no more than the person allowed.", detail="widening")
    return " ".join(scope for scope in authorization.scope.split() if scope in wanted)


def _resource(asked: object, authorization: Authorization, issuer: str, scope: str) -> str:
    granted = tuple(authorization.resources)
    wanted = tuple(asked) if isinstance(asked, tuple | list) else ()
    if len(wanted) > 1:
        raise InvalidTarget("Ask for one resource at a time: one token has one audience.", detail="several")
    if wanted:
        at_issuer = wanted[0] == issuer and USERINFO_SCOPE in scope.split()
        if wanted[0] not in granted and not at_issuer:
            raise InvalidTarget("The person was not asked about that resource.", detail="not granted")
        return str(wanted[0])
    if len(granted) > 1:
        raise InvalidTarget("Say by resource which service the token is for.", detail="missing")
    return granted[0] if granted else issuer
