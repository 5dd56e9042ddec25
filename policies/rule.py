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
class FirstTest:
    """``path``: context or resource, and what of it, ``("context", "role", "operation")``. It holds when the
    text there is one of ``texts``, or, ``without``, when it is none of them."""

    path: tuple[str, ...]
    texts: frozenset[str]
    without: bool = False


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

    def reads(self, attribute: str) -> bool:
        """Whether the rule can see this of the context; true as well when it takes the context whole."""
        return _reads(self.cedar["conditions"], attribute)

    def marks(self, attribute: str) -> frozenset[int] | None:
        """The numbers this of the context is compared with; None when it is read in any other way."""
        found: set[int] = set()
        return frozenset(found) if _marks(self.cedar["conditions"], attribute, found) else None

    def first_test(self) -> FirstTest | None:
        """What Cedar looks at first, when it is whether a text of context or resource is one of certain ones.

        When that is false the rule is not satisfied, and nothing else of it is evaluated.
        """
        conditions = self.cedar["conditions"]
        if not conditions or conditions[0]["kind"] != "when":
            return None
        node = conditions[0]["body"]
        while "&&" in node:
            node = node["&&"]["left"]
        return _text_test(node)

    def mentions(self, attribute: str) -> bool:
        """Whether any attribute of this name is read, of the context or of an entity."""
        return _mentions(self.cedar["conditions"], attribute)

    def tells_apart(self, attribute: str) -> bool:
        """Whether it looks further into this of the resource than whether it is there: ``!= ""``."""
        return _tells_apart(self.cedar["conditions"], attribute)

    def names(self, entity_type: str) -> bool:
        """Whether it speaks of one certain entity of this type: ``Person::"an"``."""
        return _names(self.cedar, entity_type)


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


def _reads(node: object, attribute: str) -> bool:
    if isinstance(node, list):
        return any(_reads(part, attribute) for part in node)
    if not isinstance(node, dict):
        return False
    if node.get("Var") == "context":
        return True
    for operator in (".", "has"):
        access = node.get(operator)
        if isinstance(access, dict) and access.get("left") == {"Var": "context"} and "attr" in access:
            return bool(access["attr"] == attribute)
    return any(_reads(part, attribute) for part in node.values())


def _names(node: object, entity_type: str) -> bool:
    if isinstance(node, list):
        return any(_names(part, entity_type) for part in node)
    if not isinstance(node, dict):
        return False
    if node.get("type") == entity_type and "id" in node:
        return True
    return any(_names(part, entity_type) for part in node.values())


def _text_test(node: Mapping[str, Any]) -> FirstTest | None:
    for operator in ("==", "!="):
        sides = node.get(operator)
        if isinstance(sides, dict):
            for access, literal in ((sides["left"], sides["right"]), (sides["right"], sides["left"])):
                path, text = _path(access), literal.get("Value")
                if path and isinstance(text, str):
                    return FirstTest(path, frozenset({text}), without=operator == "!=")
    listed = node.get("contains")
    if isinstance(listed, dict):
        path = _path(listed["right"])
        texts = [one.get("Value") for one in listed["left"].get("Set", ())]
        if path and texts and all(isinstance(text, str) for text in texts):
            return FirstTest(path, frozenset(texts))
    return None


def _path(node: Mapping[str, Any]) -> tuple[str, ...] | None:
    """context.role.operation, in its parts; None for anything else."""
    access = node.get(".")
    if isinstance(access, dict):
        before = _path(access["left"])
        return (*before, access["attr"]) if before else None
    return (node["Var"],) if node.get("Var") in ("context", "resource") else None


_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def _marks(node: object, attribute: str, found: set[int]) -> bool:
    """Collect what ``context.attribute`` is compared with; False when it is used otherwise."""
    if isinstance(node, list):
        return all(_marks(part, attribute, found) for part in node)
    if not isinstance(node, dict):
        return True
    for operator in _COMPARISONS:
        sides = node.get(operator)
        if isinstance(sides, dict):
            left, right = sides.get("left"), sides.get("right")
            for clock, number in ((left, right), (right, left)):
                value = number.get("Value") if isinstance(number, dict) else None
                if _is(clock, attribute) and isinstance(value, int) and not isinstance(value, bool):
                    found.add(value)
                    return True
    if _is(node, attribute) or node == {"Var": "context"}:
        return False
    access = node.get(".")
    if isinstance(access, dict) and access.get("left") == {"Var": "context"}:
        return True  # another attribute
    return all(_marks(part, attribute, found) for part in node.values())


def _is(node: object, attribute: str, of: str = "context") -> bool:
    return node == {".": {"left": {"Var": of}, "attr": attribute}}


def _mentions(node: object, attribute: str) -> bool:
    if isinstance(node, list):
        return any(_mentions(part, attribute) for part in node)
    if not isinstance(node, dict):
        return False
    return node.get("attr") == attribute or any(_mentions(part, attribute) for part in node.values())


def _tells_apart(node: object, attribute: str) -> bool:
    if isinstance(node, list):
        return any(_tells_apart(part, attribute) for part in node)
    if not isinstance(node, dict):
        return False
    for operator in ("==", "!="):
        sides = node.get(operator)
        if isinstance(sides, dict) and {"Value": ""} in sides.values():
            return any(not _is(side, attribute, "resource") and _tells_apart(side, attribute)
                       for side in sides.values())  # fmt: skip
    if node.get("attr") == attribute:
        return True
    return any(_tells_apart(part, attribute) for part in node.values())
