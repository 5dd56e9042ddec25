"""SCIM Groups: organisations, and who holds a post in them. A mover leaves one and joins another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scim2_models import (
    ConflictException,
    Context,
    GroupMember,
    InvalidValueException,
    Meta,
    NotFoundException,
    PatchOp,
    Reference,
    UniquenessException,
)

from idp.directory.agency_code import read_agency_code
from idp.directory.organisation import ACTIVE, CLOSED
from idp.directory.organisation import Organisation as DirectoryOrganisation
from idp.errors import DirectoryRefused
from idp.evidence.event import Event
from idp.evidence.record import EvidenceRecorder
from idp.provisioning.caller import Caller
from idp.provisioning.mapping import version_of, with_post, without_post
from idp.provisioning.resources import Organisation, OrganisationGroup
from idp.provisioning.users import check_version
from idp.store.database import Database
from idp.store.organisations import Organisations
from idp.store.people import People
from idp.store.provisioned import (
    GROUP,
    Provision,
    find_provision,
    forget_provision,
    has_person_id,
    members_of,
    read_officials,
    save_provision,
)


@dataclass(frozen=True, slots=True)
class Groups:
    """As Users. The id of a group is its agency code, which never changes."""

    base: str
    database: Database
    people: People
    organisations: Organisations
    evidence: EvidenceRecorder

    def create(self, caller: Caller, body: Mapping[str, Any], now: int) -> Any:
        group = Organisation.model_validate(dict(body), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
        code = self._read_code(group[OrganisationGroup].code)
        if not caller.keeps(code):
            raise InvalidValueException(detail="This system keeps its own agency and those below it only.")
        existing = self.organisations.find(code)
        if existing is not None and existing.state == ACTIVE:
            raise UniquenessException(detail=f"The organisation {code} exists.")
        self.organisations.save(DirectoryOrganisation(code, str(group.display_name)), now)
        self._keep(code, group.external_id or "", caller, now)
        self._set_members(caller, code, group, set(), now)
        self._tell("provision.created", code, caller, now)
        return self.read(caller, code)

    def read(self, caller: Caller, code: str) -> Any:
        return self.resource(self._find(caller, code))

    def replace(
        self, caller: Caller, code: str, body: Mapping[str, Any], now: int, *, if_match: str = ""
    ) -> Any:
        before = self.read(caller, code)
        check_version(before, if_match)
        group = Organisation.model_validate(dict(body), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
        group.replace(before)
        return self._change(caller, code, group, before, now)

    def patch(
        self, caller: Caller, code: str, body: Mapping[str, Any], now: int, *, if_match: str = ""
    ) -> Any:
        before = self.read(caller, code)
        check_version(before, if_match)
        group = before.model_copy(deep=True)
        operations = PatchOp[Organisation].model_validate(dict(body), scim_ctx=Context.RESOURCE_PATCH_REQUEST)
        operations.patch(group)
        return self._change(caller, code, group, before, now)

    def delete(self, caller: Caller, code: str, now: int, *, if_match: str = "") -> None:
        """Closed, not erased: what it signed still names it. Its people must have moved before."""
        before = self.read(caller, code)
        check_version(before, if_match)
        if before.members:
            raise ConflictException(detail="People hold posts here: move them first.")
        self.organisations.save(DirectoryOrganisation(code, before.display_name, CLOSED), now)
        with self.database.writing() as connection:
            forget_provision(connection, GROUP, code)
        self._tell("provision.deleted", code, caller, now)

    def resource(self, found: DirectoryOrganisation) -> Any:
        """The SCIM resource of an organisation."""
        with self.database.reading() as connection:
            provision = find_provision(connection, GROUP, found.code) or Provision(GROUP, found.code)
            members = members_of(connection, found.code)
        group = Organisation(
            id=found.code,
            external_id=provision.external_id or None,
            display_name=found.name,
            members=[
                GroupMember(
                    value=person_id,
                    display=name,
                    type="User",
                    ref=Reference(f"{self.base}/Users/{person_id}"),
                )
                for person_id, name in members
            ]
            or None,
        )
        group[OrganisationGroup] = OrganisationGroup(code=found.code, closed=found.state == CLOSED)
        group.meta = Meta(
            resource_type="Group",
            created=datetime.fromtimestamp(provision.created_at, UTC),
            last_modified=datetime.fromtimestamp(provision.changed_at, UTC),
            location=f"{self.base}/Groups/{found.code}",
        )
        group.meta.version = version_of(group)
        return group

    def _change(self, caller: Caller, code: str, group: Any, before: Any, now: int) -> Any:
        held = {member.value for member in before.members or []}
        self._set_members(caller, code, group, held, now)
        self.organisations.save(DirectoryOrganisation(code, group.display_name), now)
        self._keep(code, group.external_id or "", caller, now)
        self._tell("provision.changed", code, caller, now)
        return self.read(caller, code)

    def _set_members(self, caller: Caller, code: str, group: Any, held: set[str], now: int) -> None:
        wanted = {member.value for member in group.members or []}
        joining, leaving = wanted - held, held - wanted
        self._check_known(caller, joining)
        for person_id in sorted(joining | leaving):
            person = self.people.find(person_id)
            if person is None:
                raise _no_such_member()
            changed = (
                with_post(person, code, group.display_name, person.posts[0].title if person.posts else "")
                if person_id in joining
                else without_post(person, code)
            )
            self.people.save(changed, now)

    def _check_known(self, caller: Caller, person_ids: set[Any]) -> None:
        """All of them, before any is changed: a refused request changes nobody."""
        with self.database.reading() as connection:
            for person_id in person_ids:
                found = next(read_officials(connection, has_person_id(str(person_id))), None)
                if found is None or not caller.sees(found):
                    raise _no_such_member()

    def _find(self, caller: Caller, code: str) -> DirectoryOrganisation:
        try:
            found = self.organisations.find(code)
        except DirectoryRefused:
            found = None
        if found is None or found.code != code or found.state != ACTIVE or not caller.keeps(found.code):
            raise NotFoundException(detail=f"There is no group {code[:64]!r}.")
        return found

    def _read_code(self, written: Any) -> str:
        try:
            return read_agency_code(str(written or ""))
        except DirectoryRefused as error:
            raise InvalidValueException(detail=str(error)) from error

    def _keep(self, code: str, external_id: str, caller: Caller, now: int) -> None:
        with self.database.writing() as connection:
            save_provision(connection, Provision(GROUP, code, external_id, caller.client_id), now)

    def _tell(self, event: str, code: str, caller: Caller, now: int) -> None:
        details = {"resource": GROUP, "id": code, "by": caller.client_id}
        self.evidence.record(Event(event, now, client_id=caller.client_id, details=details))


def _no_such_member() -> InvalidValueException:
    return InvalidValueException(detail="members: a value is not the id of a user of this service.")
