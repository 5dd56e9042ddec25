"""Which addresses may be reached: pure rules, asked at registration and again at each connection."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from idp.errors import OutboundRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Never, whatever the settings say: metadata services of clouds, multicast, "this host".
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "fe80::/10", "ff00::/8")
)
_MAX_URL = 2000


class Reach:
    """``networks``: private ones that relying parties live in, as ``10.47.0.0/16``; public addresses are
    always reachable. ``loopback``: for development, when the issuer itself is on a loopback address; it
    also lets in plain http. ``plain``: for what is signed itself, such as OCSP answers and CRLs.
    """

    def __init__(self, networks: Iterable[str] = (), *, loopback: bool = False, plain: bool = False) -> None:
        self._networks = tuple(ipaddress.ip_network(text) for text in networks)
        self._loopback = loopback
        self._plain = plain or loopback

    def check_url(self, url: str) -> None:
        """An absolute https URL without user, fragment or odd host. Raises OutboundRefused."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise OutboundRefused(detail="url") from error
        odd = any(ord(letter) <= 0x20 or ord(letter) >= 0x7F or letter == "\\" for letter in url)
        if (
            len(url) > _MAX_URL
            or odd
            or parts.fragment
            or "@" in parts.netloc
            or not parts.hostname
            or port == 0
        ):
            raise OutboundRefused(detail="url")
        if parts.scheme != "https" and not (parts.scheme == "http" and self._plain):
            raise OutboundRefused(detail="scheme")
        try:
            literal = ipaddress.ip_address(parts.hostname)
        except ValueError:
            return  # a name: its addresses are checked when it is connected to
        self.check_address(literal)

    def check_address(self, address: Address) -> None:
        """Raises OutboundRefused."""
        if isinstance(address, ipaddress.IPv6Address):
            # The same host in IPv6 dress: ::ffff:10.0.0.1, 2002:0a00:1::, 64:ff9b::10.0.0.1.
            inner = address.ipv4_mapped or address.sixtofour or _nat64(address)
            if inner is not None:
                self.check_address(inner)
                return
        if any(address in network for network in _NEVER if network.version == address.version):
            raise OutboundRefused(detail="address")
        if address.is_loopback:
            if not self._loopback:
                raise OutboundRefused(detail="address")
            return
        if not address.is_global and not any(
            address in network for network in self._networks if network.version == address.version
        ):
            raise OutboundRefused(detail="address")


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
