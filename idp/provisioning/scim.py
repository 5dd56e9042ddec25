"""The parts of SCIM, put together."""

from dataclasses import dataclass

from idp.evidence.record import EvidenceRecorder
from idp.provisioning.bulk import Bulk
from idp.provisioning.groups import Groups
from idp.provisioning.leave import Leave
from idp.provisioning.search import Search
from idp.provisioning.users import Users
from idp.store.database import Database
from idp.store.organisations import Organisations
from idp.store.people import People


@dataclass(frozen=True, slots=True)
class Scim:
    users: Users
    groups: Groups
    search: Search
    bulk: Bulk


def build_scim(
    base: str,
    database: Database,
    people: People,
    organisations: Organisations,
    leave: Leave,
    evidence: EvidenceRecorder,
) -> Scim:
    """``base``: the URL of /scim/v2."""
    users = Users(base, database, people, leave, evidence)
    groups = Groups(base, database, people, organisations, evidence)
    return Scim(users, groups, Search(groups), Bulk(users, groups))
