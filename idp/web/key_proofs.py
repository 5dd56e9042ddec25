"""What a request shows of the caller's keys: DPoP headers, and the certificate of its TLS handshake.

TLS ends at the gateway, which hands the certificate over in a header: RFC 9440 ``Client-Cert``, or
nginx's ``$ssl_client_escaped_cert``. Anybody can send a header, so it is read from the gateway's address
only, and the gateway must strip it from what it forwards (SECURITY.md).
"""

import base64
import binascii
import ipaddress
from collections.abc import Sequence
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask, Request, g, request

from idp.errors import InvalidRequest

MAX_CERTIFICATE_CHARACTERS = 16 * 1024


def register_peer_certificate(app: Flask, header: str, gateways: Sequence[str]) -> None:
    """``header``: its name, "" when no gateway asks for certificates. ``gateways``: their networks."""
    networks = tuple(ipaddress.ip_network(text) for text in gateways)

    @app.before_request
    def read() -> None:
        g.peer_certificate = b""
        value = request.headers.get(header, "") if header else ""
        if value and is_from(networks, request.remote_addr):
            g.peer_certificate = _read_certificate(value)


def peer_certificate() -> bytes:
    """The DER of this request's client certificate, or empty."""
    found: bytes = g.get("peer_certificate", b"")
    return found


def dpop_headers(asked: Request) -> tuple[str, ...]:
    """Every DPoP header field; a server may have joined several with commas."""
    return tuple(asked.headers.getlist("DPoP"))


def is_from(networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network], address: str | None) -> bool:
    """Whether ``address`` is in one of them; an IPv4 address may be written as IPv6."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks if network.version == parsed.version)


def _read_certificate(value: str) -> bytes:
    if len(value) > MAX_CERTIFICATE_CHARACTERS:
        raise InvalidRequest("The client certificate is too large.", detail="certificate size")
    try:
        if value.startswith(":") and value.endswith(":"):
            der = base64.b64decode(value[1:-1], validate=True)
            x509.load_der_x509_certificate(der)
            return der
        return x509.load_pem_x509_certificate(unquote(value).encode("ascii")).public_bytes(Encoding.DER)
    except (ValueError, binascii.Error) as error:
        raise InvalidRequest("The client certificate cannot be read.", detail="certificate") from error
