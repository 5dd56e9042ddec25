"""Which rules a question can concern: what the others say could change no decision about it.

First by scope: action and kind of principal. Then by a rule's first test: `when { context.document_kind ==
"to-trinh" && … }` is false, and nothing of the rule is looked at further, for every other kind of document.
Only the first test counts, since Cedar evaluates from the left: leaving out a rule whose second test is false
would leave out an error of its first, and an error is a deny.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import cedarpy
import orjson

from policies.model import Circumstances, CredentialFacts, Facts
from policies.rule import Rule

SETS_KEPT = 512
_CONTEXT = ("approval", "content", "document_kind", "acr")
_RESOURCE = ("profile", "purpose")
# ("context" or "resource", attribute, what it is compared with)
Test = tuple[str, str, str]


class Slice:
    """The rules of one action and kind of principal. Thread-safe."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._always: list[Rule] = []
        self._tested: dict[Test, list[Rule]] = {}
        for rule in rules:
            test = rule.first_test()
            if test is not None and test[1] in (_CONTEXT if test[0] == "context" else _RESOURCE):
                self._tested.setdefault(test, []).append(rule)
            else:
                self._always.append(rule)
        self._read = sorted({(of, attribute) for of, attribute, _ in self._tested})
        self._set = lru_cache(maxsize=SETS_KEPT)(self._make)

    def policies(self, resource: Facts, context: Circumstances) -> cedarpy.PolicySet:
        """Those that may decide about this resource in these circumstances."""
        sources = {
            "context": context,
            "resource": resource if isinstance(resource, CredentialFacts) else None,
        }
        hit = []
        for of, attribute in self._read:
            value = getattr(sources[of], attribute, None)
            if value is None:
                # Not a credential: what a rule says of its profile is for Cedar to judge.
                hit += [test for test in self._tested if test[:2] == (of, attribute)]
            elif (of, attribute, value) in self._tested:
                hit.append((of, attribute, value))
        return self._set(tuple(hit))

    def _make(self, hit: tuple[Test, ...]) -> cedarpy.PolicySet:
        return policy_set([*self._always, *(rule for test in hit for rule in self._tested[test])])


def policy_set(rules: Iterable[Rule]) -> cedarpy.PolicySet:
    """Rules as Cedar takes them: each goes by its @id."""
    # Cedar numbers the rules of a text policy0, policy1 …; in JSON a rule goes by its @id.
    policies: Mapping[str, object] = {rule.id: rule.cedar for rule in rules}
    return cedarpy.PolicySet.from_json_str(
        orjson.dumps({"staticPolicies": policies, "templates": {}, "templateLinks": []}).decode()
    )
