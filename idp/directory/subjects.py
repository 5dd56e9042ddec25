"""Who a person is to a client (OpenID Connect Core §8): one to all systems of an agency, else unlinkable."""

from collections.abc import Callable
from urllib.parse import urlsplit

from idp.protocol.client import Client
from idp.protocol.client_metadata import ClientMetadata

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Subjects:
    """``index``: a keyed hash that never changes its key (store/sealing.py)."""

    def __init__(self, index: Callable[[str], str]) -> None:
        self._index = index

    def sub_for(self, person_id: str, client: Client) -> str:
        """The ``sub``: 64 hex characters, so it can be no client_id (RFC 9700 §4.15) and no person_id."""
        if client.metadata.subject_type == "public":
            return self.public_sub(person_id)
        return self._index(f"sub\0pairwise\0{sector_of(client.client_id, client.metadata)}\0{person_id}")

    def public_sub(self, person_id: str) -> str:
        """The same to all who may know it: the signing service registers people by it."""
        return self._index(f"sub\0public\0{person_id}")


def sector_of(client_id: str, metadata: ClientMetadata) -> str:
    """The agency, else the sector (Core §8.1), else the one host the client answers at, else the client.

    A client with the device grant gets its tokens without answering at any address: listing another's proves
    nothing there, so without an agency, which administrators give, it is a sector of its own.
    """
    if metadata.agency:
        return f"agency:{metadata.agency}"
    if DEVICE_GRANT in metadata.grant_types:
        return f"client:{client_id}"
    if metadata.sector_identifier_uri:
        return f"host:{urlsplit(metadata.sector_identifier_uri).hostname}"
    hosts = {urlsplit(uri).hostname for uri in metadata.redirect_uris}
    return f"host:{hosts.pop()}" if len(hosts) == 1 else f"client:{client_id}"
