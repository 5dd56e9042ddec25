"""``python -m policies.check``: validate the bundle and list its rules, or explain one decision.

::

    python -m policies.check
    python -m policies.check --bundle DIRECTORY
    python -m policies.check explain --principal Client:one-stop --action sign
        --credential '{"profile": "service-seal", "holder": "one-stop"}' --approval access_token

Exit status: 0 fine or allowed, 1 denied, 2 the bundle or the question is wrong.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from policies.bundle import Bundle
from policies.engine import Engine
from policies.errors import PolicyError
from policies.explain import QuestionUnclear, decision_as_data, decision_as_text, parse_question
from policies.model import ActionName


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        bundle = Bundle.load(options.bundle)
        if options.command == "explain":
            return _explain(bundle, options)
        sys.stdout.write(_table(bundle))
    except PolicyError as error:
        sys.stderr.write(f"Chính sách không hợp lệ / The policy is refused:\n  {error}\n")
        return 2
    return 0


def _explain(bundle: Bundle, options: argparse.Namespace) -> int:
    context: dict[str, Any] = {
        name: getattr(options, name)
        for name in ("approval", "approvers", "count", "content", "document_kind", "acr", "act_seconds")
    }
    question = parse_question(
        bundle,
        options.principal,
        options.action,
        _object(options.credential, "--credential"),
        context,
        _moment(options.now),
    )
    decision = Engine(bundle).decide(question)
    if options.json:
        sys.stdout.write(json.dumps(decision_as_data(bundle, decision), ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(decision_as_text(bundle, decision))
    return 0 if decision.allowed else 1


def _table(bundle: Bundle) -> str:
    lines = [
        f"{len(bundle.rules)} quy tắc, {len(bundle.profiles)} hồ sơ khóa, {len(bundle.quotas)} hạn mức "
        f"/ {len(bundle.rules)} rules, {len(bundle.profiles)} key profiles, {len(bundle.quotas)} quotas",
        f"sha256 {bundle.digest}",
    ]
    for rule in sorted(bundle.rules.values(), key=lambda rule: (rule.source, rule.effect)):
        lines += [
            "",
            f"{rule.effect:<6}  {rule.id}  ({rule.source})",
            f"  {rule.reason}",
            f"  {rule.reason_en}",
        ]
        lines += [f"  Căn cứ / basis: {rule.basis}"]
    lines += [""]
    for profile in bundle.profiles.values():
        proofs = ", ".join(sorted(profile.proofs)) or "-"
        lines += [
            f"{profile.name:<22} {profile.algorithm:<6} {profile.key:<9} {profile.storage:<8} {proofs:<25}"
            f" {profile.title} / {profile.title_en}"
        ]
    lines += [""]
    for quota in bundle.quotas.values():
        lines += [f"{quota.name:<22} {quota.limit:<9} {quota.when_away:<7} {quota.title} / {quota.title_en}"]
    return "\n".join(lines) + "\n"


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else datetime.now(UTC)
    except ValueError as error:
        raise QuestionUnclear(f"--now is not an ISO 8601 time: {text}") from error


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise QuestionUnclear(f"{name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise QuestionUnclear(f"{name} is not a JSON object.")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m policies.check", description=__doc__.split("\n")[0])
    parser.add_argument("--bundle", type=Path, help="a directory; default: the bundle of the package")
    explain = parser.add_subparsers(dest="command").add_parser("explain", help="explain one decision")
    explain.add_argument("--principal", required=True, help="Client:ID, Person:ID, Admin:ID or Service:ID")
    explain.add_argument("--action", required=True, choices=[str(action) for action in ActionName])
    explain.add_argument("--credential", required=True, help="JSON facts: profile, holder, state, training …")
    explain.add_argument("--approval", default="", help="client_jws, access_token, trust_line …")
    explain.add_argument("--approvers", type=int, default=0)
    explain.add_argument("--count", type=int, default=1)
    explain.add_argument("--content", default="prepared", help="prepared, dtbsr or token")
    explain.add_argument("--document-kind", default="document")
    explain.add_argument("--acr", default="")
    explain.add_argument("--act-seconds", type=int, default=0)
    explain.add_argument("--now", default="", help="ISO 8601; default: the present")
    explain.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
