"""What differs between two bundles, by rule, key profile and quota: not line by line.

A rule that was only moved to another file, or laid out otherwise, is not among the differences; a changed
word in a reason is, and says that nothing else changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from policies.bundle import SCHEMA, Bundle
from policies.profiles import KeyProfile
from policies.quota import Quota
from policies.rule import Rule

T = TypeVar("T")
Kind = Literal["rule", "profile", "quota", "schema"]
How = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Difference:
    """``fields``: what of it changed, {name: (before, after)}; of what was added or removed, what it says."""

    kind: Kind
    id: str
    how: How
    title: str
    title_en: str
    fields: Mapping[str, tuple[Any, Any]]


def diff(before: Bundle, after: Bundle) -> list[Difference]:
    """In the order people read it: rules, profiles, quotas, each by name; the schema last."""
    found = [
        *_differences("rule", before.rules, after.rules, _rule_fields, _reasons),
        *_differences("profile", before.profiles, after.profiles, _model_fields, _titles),
        *_differences("quota", before.quotas, after.quotas, _model_fields, _titles),
    ]
    if before.schema_text != after.schema_text:
        found.append(Difference("schema", SCHEMA, "changed", "Từ vựng của quy tắc", "The words of rules", {}))
    return found


def _differences(
    kind: Kind,
    before: Mapping[str, T],
    after: Mapping[str, T],
    fields: Callable[[T], Mapping[str, Any]],
    titles: Callable[[T], tuple[str, str]],
) -> list[Difference]:
    found = []
    for name in sorted(before.keys() | after.keys()):
        old = fields(before[name]) if name in before else {}
        new = fields(after[name]) if name in after else {}
        changed = {
            part: (old.get(part), new.get(part))
            for part in sorted(old.keys() | new.keys())
            if old.get(part) != new.get(part)
        }
        if changed:
            how: How = "removed" if name not in after else "changed" if name in before else "added"
            title, title_en = titles(after[name] if name in after else before[name])
            found.append(Difference(kind, name, how, title, title_en, changed))
    return found


def _rule_fields(rule: Rule) -> Mapping[str, Any]:
    return {
        "effect": rule.effect,
        "basis": rule.basis,
        "reason": rule.reason,
        "reason_en": rule.reason_en,
        # Cedar's own tree: blanks, comments and the order of files are no part of it.
        "scope": {part: rule.cedar[part] for part in ("principal", "action", "resource")},
        "conditions": rule.cedar["conditions"],
    }


def _model_fields(model: KeyProfile | Quota) -> Mapping[str, Any]:
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in model.model_dump(exclude={"name"}).items()
    }


def _reasons(rule: Rule) -> tuple[str, str]:
    return rule.reason, rule.reason_en


def _titles(model: KeyProfile | Quota) -> tuple[str, str]:
    return model.title, model.title_en


_HOW = {"added": ("THÊM", "ADDED"), "removed": ("BỎ", "REMOVED"), "changed": ("ĐỔI", "CHANGED")}
_KIND = {
    "rule": ("quy tắc", "rule"),
    "profile": ("hồ sơ khóa", "key profile"),
    "quota": ("hạn mức", "quota"),
    "schema": ("lược đồ", "schema"),
}  # fmt: skip


def differences_as_data(found: list[Difference]) -> list[dict[str, Any]]:
    """For ``--json``."""
    return [
        {
            "kind": one.kind,
            "id": one.id,
            "how": one.how,
            "title": one.title,
            "title_en": one.title_en,
            "fields": {name: {"before": old, "after": new} for name, (old, new) in one.fields.items()},
        }
        for one in found
    ]


def differences_as_text(found: list[Difference]) -> str:
    """For people: Vietnamese first, then English."""
    if not found:
        return "Không có gì khác. / Nothing differs.\n"
    lines = []
    for one in found:
        how, how_en = _HOW[one.how]
        kind, kind_en = _KIND[one.kind]
        lines += [f"{how} {kind} {one.id} / {how_en} {kind_en}", f"  {one.title}", f"  {one.title_en}"]
        if one.how == "changed":
            lines += [_field(name, old, new) for name, (old, new) in one.fields.items()]
        lines.append("")
    return "\n".join(lines)


def _field(name: str, old: Any, new: Any) -> str:
    if name in ("conditions", "scope"):
        return f"  {name}: điều kiện khác trước / not as before"
    return f"  {name}: {_short(old)} → {_short(new)}"


def _short(value: Any) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
