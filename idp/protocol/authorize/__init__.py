"""The authorization endpoint: every rule in its file, the order in ``read_authorization_request``.

Sources: RFC 6749 §4.1.1, OpenID Connect Core §3.1.2, RFC 9700, RFC 9101, RFC 9126, FAPI 2.0 Security Profile
§5.3.2.2 and Message Signing §5.3.1. Where the answer goes is known before (``read_destination``).
"""

from idp.protocol.authorize.acr import read_acr
from idp.protocol.authorize.asked import Asked
from idp.protocol.authorize.claims_parameter import read_claims, sub_claim
from idp.protocol.authorize.details import read_details
from idp.protocol.authorize.hints import read_display, read_locales, read_login_hint
from idp.protocol.authorize.id_token_hint import read_hinted_sub
from idp.protocol.authorize.max_age import read_max_age
from idp.protocol.authorize.nonce import read_nonce
from idp.protocol.authorize.pkce import read_code_challenge
from idp.protocol.authorize.profile import check_profile
from idp.protocol.authorize.prompt import read_prompts
from idp.protocol.authorize.repeated import check_repeated
from idp.protocol.authorize.request import AuthorizationRequest, Destination
from idp.protocol.authorize.resources import read_resources
from idp.protocol.authorize.response_type import check_response_mode, check_response_type
from idp.protocol.authorize.scope import read_scope
from idp.protocol.authorize.sender import read_dpop_jkt, read_mtls_thumbprint


def read_authorization_request(asked: Asked, destination: Destination) -> AuthorizationRequest:
    """The request, every rule passed, in this order.

    Raises AuthorizationRefused, InvalidTarget, InvalidAuthorizationDetails; KeysUnavailable.
    """
    # how it comes
    check_repeated(asked)  #                                      1
    check_profile(asked)  #                                       2
    # what it is
    check_response_type(asked)  #                                 3
    check_response_mode(asked)  #                                 4
    scope = read_scope(asked)  #                                  5
    code_challenge = read_code_challenge(asked)  #                6
    dpop_jkt = read_dpop_jkt(asked)  #                            7
    nonce = read_nonce(asked)  #                                  8
    # how the person is to be asked
    prompts = read_prompts(asked)  #                              9
    max_age = read_max_age(asked)  #                             10
    claims = read_claims(asked)  #                               11
    acr_values, essential_acr = read_acr(asked, claims)  #       12
    hinted_sub = read_hinted_sub(asked)  #                       13
    display = read_display(asked)  #                             14
    # what it is for
    scope, details = read_details(asked, scope)  #               15
    resources = read_resources(asked, scope)  #                  16
    return AuthorizationRequest(
        destination=destination,
        scope=scope,
        nonce=nonce,
        code_challenge=code_challenge,
        prompts=prompts,
        max_age=max_age,
        acr_values=acr_values,
        essential_acr=essential_acr,
        claims=claims,
        wanted_sub=hinted_sub or sub_claim(claims),
        login_hint=read_login_hint(asked),
        ui_locales=read_locales(asked, "ui_locales"),
        claims_locales=read_locales(asked, "claims_locales"),
        display=display,
        resources=resources,
        details=details,
        dpop_jkt=dpop_jkt,
        mtls_thumbprint=read_mtls_thumbprint(asked),
    )
