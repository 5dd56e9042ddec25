"""Every group of the CSC's methods."""

from signsvc.services import Services
from signsvc.web.csc.authorize import authorize_methods
from signsvc.web.csc.credentials import credential_methods
from signsvc.web.csc.endpoints import CscEndpoints
from signsvc.web.csc.info import info_methods
from signsvc.web.csc.polling import polling_methods
from signsvc.web.csc.sign_doc import sign_doc_methods
from signsvc.web.csc.sign_hash import sign_hash_methods
from signsvc.web.csc.timestamp import timestamp_methods


def csc_methods(services: Services) -> tuple[CscEndpoints, ...]:
    """Both versions of each."""
    return (
        info_methods(services),
        credential_methods(services),
        authorize_methods(services),
        sign_hash_methods(services),
        sign_doc_methods(services),
        polling_methods(services),
        timestamp_methods(services),
    )
