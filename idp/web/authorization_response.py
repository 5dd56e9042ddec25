"""Send the answer to the relying party: by the address, by a form, or signed in a JWT (JARM)."""

from collections.abc import Mapping

from flask import Response

from idp.protocol.authorize.answer import is_posted, is_signed, jarm_claims, redirect_location
from idp.protocol.authorize.request import Destination
from idp.services import Services
from idp.web.pages import page

JARM_TYP = "oauth-authz-resp+jwt"


def respond(services: Services, destination: Destination, parameters: Mapping[str, str]) -> Response:
    """RFC 9700 §4.12: 303, so that no browser posts anything on. Raises KeysUnavailable (JARM)."""
    sent = dict(parameters)
    if is_signed(destination):
        now = int(services.clock().timestamp())
        issuer = services.settings.issuer
        client = services.clients.find_client(destination.client_id)
        registered = client.metadata.authorization_signed_response_alg if client else ""
        fallback = client.token_algorithm if client else "ES256"
        claims = jarm_claims(destination.client_id, parameters, issuer, now)
        sent = {"response": services.token_keys.sign(registered or fallback, claims, typ=JARM_TYP)}
    if is_posted(destination):
        return page(
            "authorize/form_post.html",
            form_targets=answer_targets(destination),
            redirect_uri=destination.redirect_uri,
            parameters=sent,
        )
    answer = Response(status=303)
    # As registered, octet by octet: Werkzeug would normalise what it thinks it knows better.
    answer.autocorrect_location_header = False
    answer.headers["Location"] = redirect_location(destination, sent)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def answer_targets(destination: Destination) -> tuple[str, ...]:
    """For ``page(form_targets=…)`` of any page whose form may lead to the answer.

    Browsers hold form-action against every redirect that follows, and where a relying party goes on from
    its redirect_uri is its own affair.
    """
    return ("https:", destination.redirect_uri)
