"""Begin an approval that a person gives on a page: the identity provider asks, for a relying party.

The identity provider has logged the person in and knows which system asks; it never sees what comes of it.
What the person approves is written here, shown here, and checked by the key process: a false person, a
false client name or another credential get nobody a signature that its holder did not approve.
"""

from dataclasses import dataclass
from datetime import datetime

from hsm.client import Credential
from signsvc.store.csc_authorizations import CscAuthorizations, PendingAuthorization
from signsvc.usecases.csc_authorize import CscAuthorize, Wanted, check_wanted
from signsvc.usecases.csc_credentials import Bearer, CscCredentials
from signsvc.usecases.csc_refusal import missing
from signsvc.usecases.gather_prepared import GatherPrepared


@dataclass(frozen=True, slots=True)
class Asked:
    """``hashes``: SHA-256 digests in order; ``titles``: one each, for the signer. ``return_uri``: checked.

    ``prepared``: ids of prepared signatures, instead of hashes.
    """

    client_id: str
    client_name: str
    person_id: str
    credential_id: str
    signatures: int
    hashes: tuple[bytes, ...]
    titles: tuple[str, ...]
    title: str
    return_uri: str
    prepared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BeginApproval:
    """Raises CscRefused, KeyProcessUnavailable, StoreUnavailable."""

    credentials: CscCredentials
    authorize: CscAuthorize
    authorizations: CscAuthorizations
    gather: GatherPrepared

    def __call__(self, asked: Asked, *, now: datetime) -> tuple[str, PendingAuthorization]:
        """Its handle, and what was begun."""
        # As the person would ask: another's credential does not exist.
        bearer = Bearer(asked.client_id, asked.person_id)
        facts = self.credentials.get_usable(bearer, asked.credential_id, "v2", now).facts
        if asked.prepared:
            act = self.gather(
                asked.client_id, facts, asked.prepared, seconds=self.authorize.seconds(facts), now=now
            )
        else:
            act = self._over_hashes(asked, facts, now)
        pending = PendingAuthorization(
            asked.client_id,
            asked.credential_id,
            act,
            int(now.timestamp()) + self.authorize.seconds(facts),
            person_id=asked.person_id,
            client_name=asked.client_name,
            return_uri=asked.return_uri,
        )
        return self.authorizations.begin(pending, now), pending

    def _over_hashes(self, asked: Asked, facts: Credential, now: datetime) -> bytes:
        if not asked.hashes and "open" not in facts.contents:
            raise missing("array", "hashes")
        wanted = Wanted(asked.client_id, facts, asked.signatures, asked.hashes, asked.title, asked.titles)
        check_wanted(wanted)
        return self.authorize.write_act(wanted, now=now)
