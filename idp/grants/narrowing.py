"""What one token request asks of an authorization: less, or all of it, never more (RFC 6749 §6, RFC 8707)."""

from collections.abc import Mapping

from idp.errors import InvalidScope, InvalidTarget
from idp.grants.form_request import FormRequest
from idp.grants.person_tokens import Wanted
from idp.protocol.authorization import Authorization

# Without scope openid it makes no sense at the provider itself.
USERINFO_SCOPE = "openid"


def narrow(request: FormRequest, authorization: Authorization, issuer: str) -> Wanted:
    """Raises InvalidScope, InvalidTarget."""
    form = request.strict_form
    scope = _scope(form.fields, authorization)
    resource = _resource(form.resources, authorization, issuer, scope)
    # authorization_details are for the resource they were granted for, not for userinfo.
    details = authorization.details if resource != issuer or not authorization.resources else ()
    return Wanted(scope, resource, details)


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
