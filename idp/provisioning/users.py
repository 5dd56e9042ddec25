"""SCIM Users: joiners are created, movers changed, leavers ended."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scim2_models import (
    Context,
    InvalidValueException,
    NotFoundException,
    PatchOp,
    PreconditionFailedException,
    UniquenessException,
)

from idp.directory.person import ACTIVE, LEFT, OFFICIAL, SUSPENDED, Person
from idp.directory.username import check_username
from idp.errors import DirectoryConflict, DirectoryRefused
from idp.evidence.event import Event
from idp.evidence.record import EvidenceRecorder
from idp.provisioning.caller import Caller
from idp.provisioning.leave import Leave
from idp.provisioning.mapping import kept_of, person_of, user_of
from idp.provisioning.resources import OfficialUser
from idp.store.database import Database
from idp.store.people import People
from idp.store.provisioned import (
    USER,
    Official,
    Provision,
    forget_provision,
    has_person_id,
    read_officials,
    save_provision,
)


@dataclass(frozen=True, slots=True)
class Users:
    """Bodies are JSON objects, answers resources. Raises SCIMException, ValidationError, StoreUnavailable.

    ``base``: the URL of /scim/v2.
    """

    base: str
    database: Database
    people: People
    leave: Leave
    evidence: EvidenceRecorder

    def create(self, caller: Caller, body: Mapping[str, Any], now: int) -> Any:
        """A joiner. Somebody who was deleted and comes back is a new person: no old consent or factor."""
        user = OfficialUser.model_validate(dict(body), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
        if user.active is None:
            user.active = True
        state = ACTIVE if user.active else LEFT
        fresh = Person(person_id=str(uuid.uuid4()), kind=OFFICIAL, state=state, username="", claims={})
        provision = Provision(USER, fresh.person_id, client_id=caller.client_id)
        self._store(user, Official(fresh, provision), now)
        self._tell("provision.created", fresh.person_id, caller, now)
        return self.read(caller, fresh.person_id)

    def read(self, caller: Caller, user_id: str) -> Any:
        return user_of(self._find(caller, user_id), self.base)

    def replace(
        self, caller: Caller, user_id: str, body: Mapping[str, Any], now: int, *, if_match: str = ""
    ) -> Any:
        official = self._find(caller, user_id)
        before = user_of(official, self.base)
        check_version(before, if_match)
        user = OfficialUser.model_validate(dict(body), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
        user.replace(before)
        return self._change(caller, user, official, now, if_match)

    def patch(
        self, caller: Caller, user_id: str, body: Mapping[str, Any], now: int, *, if_match: str = ""
    ) -> Any:
        official = self._find(caller, user_id)
        user = user_of(official, self.base)
        check_version(user, if_match)
        operations = PatchOp[OfficialUser].model_validate(dict(body), scim_ctx=Context.RESOURCE_PATCH_REQUEST)
        operations.patch(user)
        return self._change(caller, user, official, now, if_match)

    def delete(self, caller: Caller, user_id: str, now: int, *, if_match: str = "") -> None:
        """A leaver, whose username becomes free; the directory keeps who it was, for what was signed."""
        official = self._find(caller, user_id)
        check_version(user_of(official, self.base), if_match)
        self.leave(user_id, by=caller.client_id, now=now)
        person = self.people.find(user_id)
        if person is not None:
            self.people.save(replace(person, username="", posts=()), now)
        with self.database.writing() as connection:
            forget_provision(connection, USER, user_id)
        self._tell("provision.deleted", user_id, caller, now)

    def _change(self, caller: Caller, user: Any, official: Official, now: int, if_match: str) -> Any:
        person_id = official.person.person_id
        provision = official.provision
        if not provision.client_id:
            provision = replace(provision, client_id=caller.client_id)
        self._store(user, Official(official.person, provision), now, if_match)
        # Whom an administrator suspended is shown as inactive: a change of anything else, which carries that
        # along, is no leaving, or a second change would bring them back. Who leaves meanwhile is deleted.
        suspended = official.person.state == SUSPENDED
        if user.active is False and not suspended:
            # Also when it was so before: an act that a failure cut short is completed by repeating it.
            self.leave(person_id, by=caller.client_id, now=now)
        elif user.active and official.person.state == LEFT and self.people.come_back(person_id, now):
            details = {"state": ACTIVE, "by": caller.client_id}
            self.evidence.record(Event("person.state_changed", now, person_id=person_id, details=details))
        self._tell("provision.changed", person_id, caller, now)
        return self.read(caller, person_id)

    def _store(self, user: Any, official: Official, now: int, if_match: str = "") -> None:
        """In one transaction with the look at If-Match: of two changes at once one is told 412."""
        person_id = official.person.person_id
        changed = replace(official.provision, external_id=user.external_id or "", attributes=kept_of(user))
        with self.database.writing() as connection:
            self.people.lock(connection, person_id)
            if if_match:
                present = next(read_officials(connection, has_person_id(person_id)), None)
                if present is None:
                    raise NotFoundException(detail=f"There is no user {person_id!r}.")
                check_version(user_of(present, self.base), if_match)
            # What SCIM does not see of a person (personal number, mandates, roles) stays as it is.
            before = self.people.find_within(connection, person_id) or official.person
            try:
                person = person_of(user, before)
                person = replace(person, username=check_username(person.username))
                self.people.save_within(connection, person, now)
            except DirectoryRefused as error:
                kind = UniquenessException if isinstance(error, DirectoryConflict) else InvalidValueException
                raise kind(detail=str(error)) from error
            save_provision(connection, changed, now)

    def _find(self, caller: Caller, user_id: str) -> Official:
        with self.database.reading() as connection:
            found = next(read_officials(connection, has_person_id(user_id)), None)
        if found is None or not caller.sees(found):
            raise NotFoundException(detail=f"There is no user {user_id[:64]!r}.")
        return found

    def _tell(self, event: str, user_id: str, caller: Caller, now: int) -> None:
        self.evidence.record(
            Event(
                event,
                now,
                person_id=user_id,
                client_id=caller.client_id,
                details={"resource": USER, "id": user_id, "by": caller.client_id},
            )
        )


def check_version(resource: Any, if_match: str) -> None:
    """RFC 7644 §3.14: If-Match, when sent, must name this version. Raises PreconditionFailedException."""
    if if_match and if_match.strip() != "*":
        named = {each.strip() for each in if_match.split(",")}
        if resource.meta.version not in named:
            raise PreconditionFailedException(detail="The resource was changed meanwhile: read it again.")
