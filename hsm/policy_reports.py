"""What the policy commands say: for people in Vietnamese and English, for programs as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from hsm.policy_client import PolicyVersion
from policies.bundle import Bundle
from policies.diff import diff, differences_as_data, differences_as_text
from policies.local_time import VIETNAM


@dataclass(frozen=True, slots=True)
class Outcome:
    """``data`` for ``--json``, ``text`` for people, the exit ``status``."""

    data: Any
    text: str
    status: int = 0


def act_outcome(act: bytes, written: str, *, approved: bool = False) -> Outcome:
    """An act that was made, or approved: all of it, since this is what people agree to."""
    parameters = orjson.loads(act)["parameters"]
    verb = "Đã phê duyệt / approved" if approved else "Đã soạn / drafted"
    text = (
        f"{verb}: {written}\n"
        f"  phiên bản / version  {parameters.get('version')}\n"
        f"  sha256               {parameters.get('bundle')}\n"
        f"  thay cho / replaces  {parameters.get('previous')}\n"
        f"  lý do / note         {parameters.get('note')}\n"
    )
    if not approved:
        text += (
            "Tiếp theo: người đề nghị phê duyệt (policy approve), người khác phê duyệt bằng khóa truy cập.\n"
            "Next: its proposer approves (policy approve), another administrator approves by passkey.\n"
        )
    return Outcome({"written": written, **parameters}, text)


def diff_outcome(before: Bundle, after: Bundle, *, status: int) -> Outcome:
    found = diff(before, after)
    data = {
        "before": before.digest, "after": after.digest, "differences": differences_as_data(found),
    }  # fmt: skip
    return Outcome(data, differences_as_text(found), status if found else 0)


def list_outcome(versions: Sequence[PolicyVersion]) -> Outcome:
    lines = [_line(one, in_force=number == 0) for number, one in enumerate(versions)]
    return Outcome([asdict(one) for one in versions], "".join(lines))


def show_outcome(digest: str, bundle: Bundle, versions: Sequence[PolicyVersion]) -> Outcome:
    data = {
        "digest": digest,
        "versions": [asdict(one) for one in versions],
        "rules": sorted(bundle.rules),
        "profiles": sorted(bundle.profiles),
        "quotas": sorted(bundle.quotas),
    }
    counts = tuple(map(len, (bundle.rules, bundle.profiles, bundle.quotas)))
    head = (
        f"sha256 {digest}\n"
        + "{} quy tắc, {} hồ sơ khóa, {} hạn mức".format(*counts)
        + " / {} rules, {} key profiles, {} quotas\n".format(*counts)
    )
    never = "Bản nháp: chưa từng hiệu lực. / A draft: it was never in force.\n"
    return Outcome(data, head + ("".join(_line(one) for one in versions) or never))


def _line(one: PolicyVersion, *, in_force: bool = False) -> str:
    who = ", ".join(f"{name} ({kind})" for kind, name in one.approvers) or "lễ tạo khóa / the ceremony"
    when = datetime.fromtimestamp(one.activated_at, VIETNAM).strftime("%d/%m/%Y %H:%M")
    mark = "  ← đang hiệu lực / in force" if in_force else ""
    note = f"\n     {one.note}" if one.note else ""
    return f"{one.version:>4} {one.digest[:16]}…  {when}  {who}{mark}{note}\n"
