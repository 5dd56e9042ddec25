"""Which system provisions, and whom it may see."""

from dataclasses import dataclass

from idp.directory.agency_code import is_below
from idp.store.provisioned import Official


@dataclass(frozen=True, slots=True)
class Caller:
    """``agency``: the agency whose people this system keeps, with those below it; "" for the province."""

    client_id: str
    agency: str

    def sees(self, official: Official) -> bool:
        """Its own people, and whoever holds a post in its agency. Of others it does not learn they exist."""
        if not self.agency or official.provision.client_id == self.client_id:
            return True
        return any(is_below(post.organisation, self.agency) for post in official.person.posts)

    def keeps(self, code: str) -> bool:
        """Whether this organisation is its own or below it."""
        return not self.agency or is_below(code, self.agency)
