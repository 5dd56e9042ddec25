"""A refusal by the policy, told in the words of the rules that decided it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policies import Bundle

Reasons = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """``code`` makes the problem's type; texts are Vietnamese, then English."""

    status: int
    code: str
    title: tuple[str, str]
    detail: tuple[str, str]


# By the first word of a rule's id; when several decided, the first of these that did names the problem.
_KINDS = {
    "actor": (403, "operation_actor", ("Không đúng người, không đúng chứng thư", "The wrong actor")),
    "office": (403, "operation_office", ("Không đúng đơn vị", "The wrong office")),
    "capacity": (403, "capacity_not_held", ("Không có thẩm quyền ký này", "The capacity is not held")),
    "mandate": (403, "mandate_not_valid", ("Việc giao ký không có hiệu lực", "The mandate does not hold")),
    "order": (409, "operation_order", ("Không đúng trình tự", "Out of order")),
}
_OTHERWISE = (403, "policy_refused", ("Chính sách không cho phép", "The policy does not allow this"))
_UNSAID = (
    "Chính sách sử dụng khóa không cho phép; hãy hỏi quản trị an ninh.",
    "The policy does not allow this; ask the security administrators.",
)


def read_reasons(bundle: Bundle) -> Reasons:
    """The reasons of every rule, by its id."""
    return {rule.id: (rule.reason, rule.reason_en) for rule in bundle.rules.values()}


def policy_problem(rules: Sequence[str], reasons: Reasons) -> PolicyProblem:
    """``rules``: the ids that decided; one that this process does not know says nothing."""
    firsts = {rule.partition("-")[0] for rule in rules}
    status, code, title = next((_KINDS[first] for first in _KINDS if first in firsts), _OTHERWISE)
    told = [reasons[rule] for rule in rules if rule in reasons] or [_UNSAID]
    detail = (" ".join(vi for vi, _ in told), " ".join(en for _, en in told))
    return PolicyProblem(status, code, title, detail)
