"""Which rules a question can concern: what the others say could change no decision about it.

First by scope: action and kind of principal. Then by a rule's first test: `when { context.document_kind ==
"to-trinh" && … }` is false, and nothing of the rule is looked at further, for every other kind of document.
Only the first test counts, since Cedar evaluates from the left: leaving out a rule whose second test is false
would leave out an error of its first, and an error is a deny.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache

import cedarpy
import orjson

from policies.model import Circumstances, CredentialFacts, Facts
from policies.rule import FirstTest, Rule

SETS_KEPT = 512
# Texts that every question has: of the circumstances, an operation, a credential.
_READ = frozenset(
    {("context", name) for name in ("approval", "content", "document_kind", "acr")}
    | {("context", "role", name) for name in ("operation", "capacity", "standing", "mandate")}
    | {("resource", name) for name in ("profile", "purpose")}
)

# The clock is read in three ways.
_CIRCUMSTANCES = (*(one.name for one in fields(Circumstances)), "weekday", "minute")


class Slice:
    """The rules of one action and kind of principal. Thread-safe."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._always: list[Rule] = []
        self._tested: dict[FirstTest, list[Rule]] = {}
        for rule in rules:
            test = rule.first_test()
            if test is not None and test.path in _READ:
                self._tested.setdefault(test, []).append(rule)
            else:
                self._always.append(rule)
        self._paths = {
            path: _Tests(path, self._tested) for path in sorted({test.path for test in self._tested})
        }
        self._set = lru_cache(maxsize=SETS_KEPT)(self._make)

    def choose(self, resource: Facts, context: Circumstances) -> "Chosen":
        """Those that may decide about this resource in these circumstances."""
        hit: list[FirstTest] = []
        for path, tests in self._paths.items():
            if path[0] == "resource" and not isinstance(resource, CredentialFacts):
                hit += tests.all  # what a rule says of its profile is for Cedar to judge
                continue
            value: object = context if path[0] == "context" else resource
            for name in path[1:]:
                value = getattr(value, name)
            hit += tests.holding(value)
        return self._set(tuple(hit))

    def _make(self, hit: tuple[FirstTest, ...]) -> "Chosen":
        return Chosen([*self._always, *(rule for test in hit for rule in self._tested[test])])


class Chosen:
    """Rules as Cedar takes them, and the circumstances that any of them can read."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.policies = policy_set(rules)
        self.reads = tuple(name for name in _CIRCUMSTANCES if any(rule.reads(name) for rule in rules))


class _Tests:
    """Those of one text: found by it, however many there are."""

    def __init__(self, path: tuple[str, ...], tests: Iterable[FirstTest]) -> None:
        self.all = [test for test in tests if test.path == path]
        self._without = [test for test in self.all if test.without]
        self._by_text: dict[str, list[FirstTest]] = {}
        for test in self.all:
            if not test.without:
                for text in test.texts:
                    self._by_text.setdefault(text, []).append(test)

    def holding(self, value: object) -> list[FirstTest]:
        """Raises TypeError for what is no text."""
        if not isinstance(value, str):
            raise TypeError(f"{type(value).__name__} is no text")
        return self._by_text.get(value, []) + [test for test in self._without if value not in test.texts]


def policy_set(rules: Iterable[Rule]) -> cedarpy.PolicySet:
    """Rules as Cedar takes them: each goes by its @id."""
    # Cedar numbers the rules of a text policy0, policy1 …; in JSON a rule goes by its @id.
    policies: Mapping[str, object] = {rule.id: rule.cedar for rule in rules}
    return cedarpy.PolicySet.from_json_str(
        orjson.dumps({"staticPolicies": policies, "templates": {}, "templateLinks": []}).decode()
    )
