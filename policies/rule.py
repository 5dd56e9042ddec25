"""Reading Cedar rules: every rule has a name, a basis in law or design, and a reason people can read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cedarpy
import orjson

from policies.errors import RuleRefused

ANNOTATIONS = ("id", "basis", "reason", "reason_en")
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Rule:
    """``effect`` is permit or forbid; ``cedar`` is the rule as Cedar's JSON (EST)."""

    id: str
    effect: str
    basis: str
    reason: str
    reason_en: str
    source: str
    cedar: Mapping[str, Any]

    def may_concern(self, action: str, principal_kind: str) -> bool:
        """Whether the rule's scope leaves open that it applies. Unknown scopes always do."""
        return _action_may_match(self.cedar["action"], action) and _principal_may_match(
            self.cedar["principal"], principal_kind
        )

    @property
    def reads_clock(self) -> bool:
        """Whether the rule can see ``context.now``; true as well when it takes the context whole."""
        return _reads_clock(self.cedar["conditions"])


def parse_rules(text: str, source: str, schema: cedarpy.Schema) -> list[Rule]:
    """The rules of one ``.cedar`` file.

    Raises RuleRefused when the text does not parse, does not fit the schema, or a rule lacks one of
    ``@id``, ``@basis``, ``@reason``, ``@reason_en``.
    """
    try:
        parsed = orjson.loads(cedarpy.policies_to_json_str(text))
        checked = cedarpy.validate_policies(text, schema)
    except ValueError as error:
        raise RuleRefused(f"{source}: {error}") from error
    if not checked.validation_passed:
        faults = "; ".join(
            f"{checked.id_annotations_by_policy_id.get(fault.policy_id, fault.policy_id)}: {fault.error}"
            for fault in checked.errors
        )
        raise RuleRefused(f"{source}: {faults}")
    if parsed["templates"]:
        raise RuleRefused(
            f"{source}: a template (?principal, ?resource) decides nothing; write a whole rule."
        )
    return [_parse_rule(cedar, source) for cedar in parsed["staticPolicies"].values()]


def _parse_rule(cedar: dict[str, Any], source: str) -> Rule:
    annotations = cedar.get("annotations") or {}
    name = annotations.get("id") or "a rule without @id"
    for annotation in ANNOTATIONS:
        if not (annotations.get(annotation) or "").strip():
            raise RuleRefused(f'{source}: {name}: write @{annotation}("…") above the rule.')
    if not _ID.fullmatch(name):
        raise RuleRefused(f"{source}: {name}: an @id is lower-case words joined by hyphens.")
    return Rule(
        id=name,
        effect=cedar["effect"],
        basis=annotations["basis"],
        reason=annotations["reason"],
        reason_en=annotations["reason_en"],
        source=source,
        cedar=cedar,
    )


def _action_may_match(scope: Mapping[str, Any], action: str) -> bool:
    if scope["op"] == "==" and "entity" in scope:
        return bool(scope["entity"]["id"] == action)
    # The schema has no groups of actions, so `in` names the actions themselves.
    if scope["op"] == "in" and "entities" in scope:
        return any(entity["id"] == action for entity in scope["entities"])
    return True


def _principal_may_match(scope: Mapping[str, Any], kind: str) -> bool:
    if scope["op"] == "==" and "entity" in scope:
        return bool(scope["entity"]["type"] == kind)
    if scope["op"] == "is":
        return bool(scope["entity_type"] == kind)
    return True


def _reads_clock(node: object) -> bool:
    if isinstance(node, list):
        return any(_reads_clock(part) for part in node)
    if not isinstance(node, dict):
        return False
    if node.get("Var") == "context":
        return True
    for operator in (".", "has"):
        access = node.get(operator)
        if isinstance(access, dict) and access.get("left") == {"Var": "context"} and "attr" in access:
            return bool(access["attr"] == "now")
    return any(_reads_clock(part) for part in node.values())
