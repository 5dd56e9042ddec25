"""Every group of the CSC's methods."""

from signsvc.services import Services
from signsvc.usecases.csc_login import CscLogin
from signsvc.web.bearer import AccessTokens
from signsvc.web.csc.authorize import authorize_methods
from signsvc.web.csc.credentials import credential_methods
from signsvc.web.csc.endpoints import CscEndpoints
from signsvc.web.csc.info import info_methods
from signsvc.web.csc.login import login_methods
from signsvc.web.csc.polling import polling_methods
from signsvc.web.csc.sad import Sads
from signsvc.web.csc.sign_doc import sign_doc_methods
from signsvc.web.csc.sign_hash import sign_hash_methods
from signsvc.web.csc.timestamp import timestamp_methods


def csc_methods(services: Services, tokens: AccessTokens, login: CscLogin) -> tuple[CscEndpoints, ...]:
    """Both versions of each."""
    sads = Sads(tokens, services.csc_authorizations, services.clock)
    return (
        info_methods(services),
        login_methods(login),
        credential_methods(services),
        authorize_methods(services, sads),
        sign_hash_methods(services, sads),
        sign_doc_methods(services, sads),
        polling_methods(services),
        timestamp_methods(services),
    )
