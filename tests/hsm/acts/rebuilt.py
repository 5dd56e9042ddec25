"""A journal read as a rehearsal reads it: what comes back is answered as it was journalled."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from policies import Bundle, Engine
from policies.journalled import question_of


def check_rebuilt(entries: Iterable[Mapping[str, Any]], bundle_of: Callable[[int], Bundle]) -> Counter[str]:
    """How many acts of each kind came back. ``bundle_of``: the policy of a version that leaves name."""
    engine_of = cache(lambda version: Engine(bundle_of(version)))
    found: Counter[str] = Counter()
    for entry in entries:
        if entry["type"] != "intent" or entry.get("kind") == "rewrap":
            continue
        question = question_of(entry)
        decision = engine_of(entry["policy"]).decide(question)
        assert (decision.allowed, list(decision.rules)) == (True, entry["rules"]), (entry, decision)
        found[question.context.role.operation or question.action.value] += 1
    return found
