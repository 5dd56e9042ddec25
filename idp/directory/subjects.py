"""Who a person is to a client (OpenID Connect Core §8): one to all systems of an agency, else unlinkable."""

from collections.abc import Callable
from urllib.parse import urlsplit

from idp.protocol.client import Client


class Subjects:
    """``index``: a keyed hash that never changes its key (store/sealing.py)."""

    def __init__(self, index: Callable[[str], str]) -> None:
        self._index = index

    def sub_for(self, person_id: str, client: Client) -> str:
        """The ``sub``: 64 hex characters, so it can be no client_id (RFC 9700 §4.15) and no person_id."""
        if client.metadata.subject_type == "public":
            return self.public_sub(person_id)
        return self._index(f"sub\0pairwise\0{_sector(client)}\0{person_id}")

    def public_sub(self, person_id: str) -> str:
        """The same to all who may know it: the signing service registers people by it."""
        return self._index(f"sub\0public\0{person_id}")


def _sector(client: Client) -> str:
    """The agency, else the sector (Core §8.1), else the one host the client answers at, else the client."""
    metadata = client.metadata
    if metadata.agency:
        return f"agency:{metadata.agency}"
    if metadata.sector_identifier_uri:
        return f"host:{urlsplit(metadata.sector_identifier_uri).hostname}"
    hosts = {urlsplit(uri).hostname for uri in metadata.redirect_uris}
    return f"host:{hosts.pop()}" if len(hosts) == 1 else f"client:{client.client_id}"
