"""Where an answer may go: exactly what was registered, or nowhere (RFC 9700 §2.1, Core §3.1.2.1)."""

import ipaddress
from urllib.parse import urlsplit

from idp.protocol.authorize.errors import NotRedirectable
from idp.protocol.client import Client


def registered_redirect_uri(client: Client, sent: str) -> str:
    """The URI as it was sent. Raises NotRedirectable.

    Compared octet by octet (RFC 3986 §6.2.1). A native client's loopback address may have another port
    (RFC 8252 §7.3) and nothing else.
    """
    if not sent:
        raise NotRedirectable(
            "redirect_uri_missing", "Send redirect_uri, exactly as it is registered for this client."
        )
    registered = client.metadata.redirect_uris
    if sent in registered:
        return sent
    if client.metadata.application_type == "native" and any(_same_loopback(sent, uri) for uri in registered):
        return sent
    raise NotRedirectable("redirect_uri_mismatch", "redirect_uri is not registered for this client.")


def _same_loopback(sent: str, registered: str) -> bool:
    try:
        there, here = urlsplit(sent), urlsplit(registered)
        port = there.port
        _ = here.port
    except ValueError:
        return False
    if here.scheme != "http" or here.hostname is None or not _is_loopback(here.hostname):
        return False
    # Put together again with the registered text around the port, so that only the port can differ:
    # not user:password@, not the spelling of the host, not the path.
    host = f"[{here.hostname}]" if ":" in here.hostname else here.hostname
    rest = registered.removeprefix(f"http://{here.netloc}")
    if here.netloc not in (host, f"{host}:{here.port}"):
        return False
    return sent == (f"http://{host}:{port}{rest}" if port is not None else f"http://{host}{rest}")


def _is_loopback(hostname: str) -> bool:
    # RFC 8252 §8.3: the IP literals; localhost may be resolved to somewhere else.
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False
