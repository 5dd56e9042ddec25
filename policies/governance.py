"""What no policy may give away about itself: that it is changed by two, one of them by passkey, and can be.

Asked of every bundle before it comes into force, by asking it. A bundle that forbade its own change could
never be replaced; one that let a single administrator change it would be the last that two approved.
"""

from datetime import UTC, datetime

from policies.bundle import Bundle
from policies.engine import Engine
from policies.errors import BundleRefused
from policies.model import ActionName, Circumstances, PolicyFacts, Principal, PrincipalKind, Question

# Moments that a rule might tell apart: a working day, an evening, a night, a Sunday, far ahead. A rule that
# shuts another hour shuts it for that hour.
_MOMENTS = (
    datetime(2026, 11, 24, 3, 0, tzinfo=UTC),
    datetime(2026, 11, 24, 15, 30, tzinfo=UTC),
    datetime(2026, 11, 24, 19, 0, tzinfo=UTC),
    datetime(2026, 11, 29, 3, 0, tzinfo=UTC),
    datetime(2046, 11, 26, 3, 0, tzinfo=UTC),
)
_ANYBODY = "bat-ky-ai"


def check_governance(bundle: Bundle) -> None:
    """Raises BundleRefused with what is wrong."""
    engine = Engine(bundle)
    for now in _MOMENTS:
        if not _allowed(engine, now, approvers=2, passkey=True):
            raise BundleRefused(
                "Chính sách này tự khóa: hai quản trị viên không thay được nó nữa. / This policy locks"
                f" itself: two administrators could not replace it any more ({now:%Y-%m-%d %H:%M} UTC)."
            )
        for approvers, passkey in ((0, True), (1, True), (1, False), (2, False), (3, False)):
            if _allowed(engine, now, approvers=approvers, passkey=passkey):
                raise BundleRefused(
                    "Chính sách này cho thay chính nó khi chưa đủ hai người, hoặc không cần khóa truy cập."
                    " / This policy could be replaced by one administrator, or without a passkey."
                )
        for kind in set(PrincipalKind) - {PrincipalKind.ADMIN}:
            if _allowed(engine, now, approvers=2, passkey=True, kind=kind):
                raise BundleRefused(f"A {kind} could replace this policy: only administrators may.")


def _allowed(
    engine: Engine,
    now: datetime,
    *,
    approvers: int,
    passkey: bool,
    kind: PrincipalKind = PrincipalKind.ADMIN,
) -> bool:
    question = Question(
        Principal(kind, _ANYBODY),
        ActionName.ACTIVATE_POLICY,
        PolicyFacts("0" * 64, 2),
        Circumstances(
            now=now,
            approval="admin_jws",
            approvers=approvers,
            act_seconds=8 * 3600,
            consents=frozenset({"administrator"} if passkey else ()),
        ),
    )
    return engine.decide(question).allowed
