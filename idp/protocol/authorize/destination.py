"""RFC 6749 §4.1.2.1: first of all, where refusals go. Until this is known nobody is redirected."""

from idp.protocol.authorize.asked import Parameters
from idp.protocol.authorize.errors import NotRedirectable
from idp.protocol.authorize.redirect_uri import registered_redirect_uri
from idp.protocol.authorize.request import QUERY, RESPONSE_MODES, Destination
from idp.protocol.client import Client

MAX_STATE = 4096


def read_destination(parameters: Parameters, client: Client) -> Destination:
    """The registered address, the state to echo, the response mode. Raises NotRedirectable.

    A response mode that we do not know, or that is repeated, is refused later, in the default mode.
    """
    for name in ("redirect_uri", "state"):
        if name in parameters.repeated:
            raise NotRedirectable("parameter_repeated", f"The parameter {name} is repeated.")
    redirect_uri = registered_redirect_uri(client, parameters.get("redirect_uri"))
    state = parameters.get("state")
    if len(state) > MAX_STATE:
        raise NotRedirectable("state_too_long", f"state is longer than {MAX_STATE} characters.")
    mode = parameters.get("response_mode")
    return Destination(client.client_id, redirect_uri, state, mode if mode in RESPONSE_MODES else QUERY)
