"""Whose address a request came from: the gateway's word for it, when it is the gateway that asks."""

import ipaddress

from flask import request

from idp.services import Services
from idp.web.key_proofs import is_from


def caller_address(services: Services) -> str:
    """An IP address, or "" when nobody can say. Counted in budgets, kept in sessions as a prefix only.

    The last entry of X-Forwarded-For is the one that the gateway itself wrote; those before it are claims.
    """
    networks = tuple(ipaddress.ip_network(each) for each in services.settings.gateway_addresses)
    sender = request.remote_addr or ""
    if not is_from(networks, sender):
        return sender
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        return sender
