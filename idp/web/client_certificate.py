"""The client certificate of a TLS handshake that the gateway ended, if the gateway may be believed."""

from urllib.parse import unquote

from cryptography import x509
from flask import request

from idp.errors import LoginRefused
from idp.services import Services

MAX_HEADER = 16 * 1024


def presented_certificate(services: Services) -> x509.Certificate | None:
    """PEM, URL-encoded, as nginx's ``$ssl_client_escaped_cert`` writes it. Raises LoginRefused."""
    name = services.settings.client_certificate_header
    if not name or request.remote_addr not in services.settings.gateway_addresses:
        return None
    value = request.headers.get(name, "")
    if not value:
        return None
    try:
        return x509.load_pem_x509_certificate(unquote(value[:MAX_HEADER]).encode("ascii"))
    except ValueError as error:
        raise LoginRefused(detail="certificate header malformed") from error
