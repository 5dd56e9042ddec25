"""Which system provisions, and whom it may see."""

from dataclasses import dataclass

from idp.directory.agency_code import is_below
from idp.protocol.client import Client
from idp.store.provisioned import Official

# Given by administrators, as every scope is; nothing that was left out means the whole province.
PROVINCE_SCOPE = "scim.province"


@dataclass(frozen=True, slots=True)
class Caller:
    """``agency``: the agency whose people this system keeps, with those below it; "" for none.

    ``province``: everybody's, whatever the agency.
    """

    client_id: str
    agency: str
    province: bool = False

    def sees(self, official: Official) -> bool:
        """Its own people, and whoever holds a post in its agency. Of others it does not learn they exist."""
        if self.province or official.provision.client_id == self.client_id:
            return True
        return any(self.keeps(post.organisation) for post in official.person.posts)

    def keeps(self, code: str) -> bool:
        """Whether this organisation is its own or below it."""
        return self.province or bool(self.agency and is_below(code, self.agency))


def caller_of(client: Client) -> Caller:
    return Caller(client.client_id, client.metadata.agency, PROVINCE_SCOPE in client.scopes)
