"""Deciding: one question in, one decision out. Default deny; a forbid wins; whatever fails is a deny.

Cedar does the thinking. What can be prepared is prepared once: rules are parsed when the engine is
made and laid out by action and kind of principal, so that a decision evaluates only the rules whose
scope leaves them open (Cedar's policy slicing: the others cannot match, so leaving them out changes
nothing). A decision is a pure function of what its rules can read, so it is remembered by exactly
that: the same principal, action, facts and circumstances get the same answer. The clock is part of
it, to the second, wherever a rule can read the clock, and the minute of the week wherever one asks
whether an office is open. A credential's id is no part of it, unless some rule names a credential: an
id is good for nothing in Cedar but to be the same as another.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from functools import lru_cache

import cedarpy
import orjson

from policies.about import ABOUT, entity_type
from policies.bundle import Bundle
from policies.local_time import VIETNAM
from policies.model import (
    ActionName,
    AdministratorFacts,
    Circumstances,
    ClientKeyFacts,
    CredentialFacts,
    Decision,
    EnrolmentFacts,
    Facts,
    HolderFacts,
    PolicyFacts,
    Principal,
    PrincipalKind,
    Question,
    StoreFacts,
)
from policies.office_life import MandateFacts, OfficeFacts, PostFacts, RoleFacts
from policies.slices import Chosen, Slice

REMEMBERED = 4096
# A decision is small, and people are many: each has an answer of their own.
DECISIONS_REMEMBERED = 40_000
ANY_CREDENTIAL = "any"
_OF_THE_CLOCK: Mapping[str, Callable[[datetime], int]] = {
    "now": lambda local: int(local.timestamp()),
    "weekday": datetime.isoweekday,
    "minute": lambda local: local.hour * 60 + local.minute,
}
_TYPES: Mapping[str, type] = {
    one.name: type(one.default) for one in fields(Circumstances) if one.name != "now"
}
# By which post or mandate is for the journal alone.
_OF_ROLE = tuple(one.name for one in fields(RoleFacts) if one.name != "ground")


class Engine:
    """Answers questions by one bundle. Thread-safe: nothing changes after it is made.

    ``version``: what its decisions say of which policy decided.
    """

    def __init__(self, bundle: Bundle, version: int = 0) -> None:
        self.bundle = bundle
        self._version = version
        rules = {
            (action, kind): [
                rule for rule in bundle.rules.values() if rule.may_concern(action.value, kind.value)
            ]
            for action in ActionName
            for kind in PrincipalKind
        }
        self._slices = {scope: Slice(concerned) for scope, concerned in rules.items()}
        self._names_credentials = any(rule.names("Credential") for rule in bundle.rules.values())
        # The arguments are frozen values and the bundle is fixed: equal arguments, equal answer.
        self._entities = lru_cache(maxsize=REMEMBERED)(self._parse_entities)
        self._remembered = lru_cache(maxsize=DECISIONS_REMEMBERED)(self._evaluate)

    def decide(self, question: Question) -> Decision:
        """May this happen? Never raises: an error of any kind is a deny that names it."""
        try:
            moment = question.context
            if moment.now.tzinfo is None:
                raise ValueError("now has no time zone")
            resource = question.resource
            if isinstance(resource, CredentialFacts) and not self._names_credentials:
                resource = replace(resource, id=ANY_CREDENTIAL)
            chosen = self._slices[question.action, question.principal.kind].choose(resource, moment)
            context = _context(moment, chosen.reads)
            return self._remembered(question.principal, question.action, resource, context, chosen)
        except Exception as error:  # noqa: BLE001 -- a policy that cannot be evaluated allows nothing
            return Decision(allowed=False, errors=(f"{type(error).__name__}: {error}",), policy=self._version)

    def _evaluate(
        self,
        principal: Principal,
        action: ActionName,
        resource: Facts,
        context: str,
        chosen: Chosen,
    ) -> Decision:
        resource_type = entity_type(ABOUT[action])
        answer = cedarpy.is_authorized(
            {
                "principal": {"type": principal.kind.value, "id": principal.id},
                "action": {"type": "Action", "id": action.value},
                "resource": {"type": resource_type, "id": resource.id},
                "context": context,
            },
            chosen.policies,
            self._entities(resource_type, resource),
            # Without the schema: rules and entities were held against it. A context is made below, of
            # typed facts, and to check each once more costs a quarter of deciding.
        )
        # Cedar says what failed in no order of its own; the sentences differ by their rules' ids.
        errors = tuple(sorted(answer.diagnostics.errors))
        # Cedar passes over a rule that fails. A forbid that failed must not open the door.
        return Decision(
            allowed=answer.decision is cedarpy.Decision.Allow and not errors,
            rules=tuple(sorted(answer.diagnostics.reasons)),
            errors=errors,
            policy=self._version,
        )

    def _parse_entities(self, resource_type: str, resource: Facts) -> cedarpy.Entities:
        attributes: dict[str, object]
        holder: dict[str, str] | None
        custodian = ""
        match resource_type, resource:
            case "ClientKey", ClientKeyFacts():
                attributes = {"state": resource.state, "algorithm": resource.algorithm}
                holder = {"type": "Client", "id": resource.holder}
            case "Enrolment", EnrolmentFacts():
                attributes = {"state": resource.state}
                holder = {"type": "Person", "id": resource.id}
            case "Holder", HolderFacts():
                attributes = {"active": resource.active}
                holder = {"type": resource.holder_kind.value, "id": resource.id}
            case "Store", StoreFacts():
                attributes = {"state": resource.state, "wrapped": resource.wrapped}
                holder = None
            case "Policy", PolicyFacts():
                attributes = {"version": resource.version, "earlier": resource.earlier}
                holder = None
            case "Administrator", AdministratorFacts():
                attributes = {"state": resource.state, "others": resource.others}
                holder = None
            case ("Office", OfficeFacts()) | ("Post", PostFacts()) | ("Mandate", MandateFacts()):
                attributes = asdict(resource)
                del attributes["id"]
                holder = None
            case "Credential", CredentialFacts():
                attributes = self._credential_attributes(resource)
                holder = {"type": resource.holder_kind.value, "id": resource.holder}
                custodian = resource.custodian
            case _:
                raise TypeError(f"this action is about a {resource_type}, not {type(resource).__name__}")
        entity: dict[str, object] = {"uid": {"type": resource_type, "id": resource.id}, "attrs": attributes}
        entity["parents"] = [holder] if holder else []
        if custodian:
            entity["parents"] = [holder, {"type": "Person", "id": custodian}]
        return cedarpy.Entities.from_json_str(orjson.dumps([entity]).decode(), self.bundle.schema)

    def _credential_attributes(self, facts: CredentialFacts) -> dict[str, object]:
        profile = self.bundle.profiles.get(facts.profile)
        if profile is None:
            raise LookupError(f"there is no key profile named {facts.profile!r}")
        return {
            "purpose": facts.purpose,
            "holder_kind": facts.holder_kind.value,
            "state": facts.state,
            "algorithm": facts.algorithm,
            "profile": facts.profile,
            # A credential may accept fewer proofs than its profile, never more.
            "proofs": sorted(facts.proofs & profile.proofs),
            "training": facts.training,
            "profile_purpose": profile.purpose,
            "profile_algorithm": profile.algorithm,
            "contents": sorted(profile.contents),
            "max_signatures": profile.max_signatures,
            "max_signatures_by_access_token": profile.max_signatures_by_access_token,
            "max_act_seconds": profile.max_act_seconds,
            "compatibility": bool(profile.compatibility),
            "acr": profile.acr,
            "hours": profile.hours,
            "office": facts.office,
            "custodian": facts.custodian,
        }


def _context(moment: Circumstances, reads: Iterable[str]) -> str:
    """What rules can read, and no more, so that the same question stays the same.

    Raises TypeError for what is not of its type: Cedar would compare it, and find it unequal.
    """
    told = {name: getattr(moment, name) for name in reads if name not in _OF_THE_CLOCK}
    for name, value in told.items():
        if type(value) is not _TYPES[name]:
            raise TypeError(f"{name} is no {_TYPES[name].__name__}")
    local = moment.now.astimezone(VIETNAM)
    told |= {name: tell(local) for name, tell in _OF_THE_CLOCK.items() if name in reads}
    if "role" in told:
        told["role"] = _role(moment.role)
    return orjson.dumps(told, default=sorted).decode()


def _role(role: RoleFacts) -> dict[str, object]:
    return {name: getattr(role, name) for name in _OF_ROLE}
