"""``python -m hsm policy …``: draft, diff, rehearse, approve, activate, list, show, revert.

    python -m hsm policy draft my-policy --note "Hạ hạn mức" -o act.json   # checked, laid down, an act made
    python -m hsm policy diff my-policy                                     # against the one in force
    python -m hsm policy rehearse my-policy --last 100000                   # on the journal (settings: HSM_*)
    python -m hsm policy approve act.json --key admin-1.jwk -o admin-1.jws  # its proposer
    python -m hsm ask act.json -o admin-2.json          # another administrator's passkey, in their browser
    python -m hsm policy activate act.json admin-1.jws admin-2.json         # or: activate act.json … --ask

Exit status: 0 done; 1 refused or failed; 2 wrong usage; 3 (diff, rehearse) something differs.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hsm import administer
from hsm.ask_commands import add_page, asked_approvals
from hsm.errors import ActMalformed
from hsm.policy_client import PolicyClient
from hsm.policy_reports import Outcome, act_outcome, diff_outcome, list_outcome, show_outcome
from hsm.subcommands import AddCommand, subcommand
from policies.bundle import Bundle, bundle_digest, parse_bundle, read_texts
from policies.errors import PolicyError
from policies.governance import check_governance

Run = Callable[[argparse.Namespace], Outcome]
SOCKET = "unix:run/hsm-admin.sock"
DIFFERS = 3
_WHICH = "thư mục, mã băm hoặc số hiệu phiên bản / a directory, a digest, or a version's number"


def add_commands(add: AddCommand) -> None:
    """Add ``policy`` and its commands."""
    policy = add("policy", None, "chính sách: soạn, so, thử, duyệt, đưa vào hiệu lực / policies")
    commands = policy.add_subparsers(required=True)

    def command(name: str, run: Run, vietnamese: str, english: str) -> argparse.ArgumentParser:
        added = subcommand(commands, name, _told(run), f"{vietnamese} / {english}")
        added.add_argument("--socket", default=SOCKET, help="của quản trị viên / the administrators'")
        return added

    draft = command("draft", _draft, "kiểm tra bản nháp, soạn việc", "check a draft, make its act")
    draft.add_argument("directory", type=Path)
    diff = command("diff", _diff, "khác gì bản đang hiệu lực", "what differs from the one in force")
    rehearse = command("rehearse", _rehearse, "thử trên nhật ký", "try it on the journal (settings: HSM_*)")
    for one in (diff, rehearse):
        one.add_argument("bundle", help=_WHICH)
        one.add_argument("--against", default="0", help=f"{_WHICH}; 0: đang hiệu lực / in force")
    rehearse.add_argument("--last", type=int, default=100_000, help="số mục nhật ký / entries to read")
    rehearse.add_argument("--credential", default="", help="ai ký được / who could sign with this one")
    approve = command("approve", _approve, "người đề nghị phê duyệt", "its proposer approves")
    approve.add_argument("act", type=Path)
    approve.add_argument("--key", type=Path, required=True, help="khóa quản trị viên / administrator's JWK")
    activate = command("activate", _activate, "đưa vào hiệu lực", "bring it into force")
    activate.add_argument("act", type=Path)
    activate.add_argument("approvals", type=Path, nargs="+", help="của hai người / of two administrators")
    activate.add_argument(
        "--ask", action="count", default=0, help="người thứ hai, trên trình duyệt / browser"
    )
    add_page(activate)
    command("list", _list, "các phiên bản đã duyệt", "the approved versions")
    show = command("show", _show, "một phiên bản và ai đã duyệt", "one version and who approved it")
    show.add_argument("bundle", nargs="?", default="0", help=_WHICH)
    show.add_argument("--directory", type=Path, help="chép tệp ra / write its files into a new directory")
    revert = command("revert", _revert, "soạn việc trở lại bản cũ", "make the act that brings one back")
    revert.add_argument("version", type=int)
    for one in (draft, revert):
        one.add_argument("--note", required=True, help="lý do / why, for those who approve")
    for one in (draft, revert, approve):
        one.add_argument("-o", "--output", type=Path, required=True)


def _told(run: Run) -> Callable[[argparse.Namespace], None]:
    """Say the outcome, as text or as one line of JSON, and end with its status."""

    def told(options: argparse.Namespace) -> None:
        try:
            outcome = run(options)
        except PolicyError as error:
            raise ActMalformed(f"Chính sách không dùng được / the policy is refused: {error}") from error
        text = json.dumps(outcome.data, ensure_ascii=False) + "\n" if options.json else outcome.text
        sys.stdout.write(text)
        if outcome.status:
            sys.exit(outcome.status)

    return told


@contextmanager
def _client(options: argparse.Namespace) -> Iterator[PolicyClient]:
    with closing(PolicyClient(options.socket)) as client:
        yield client


def _files(client: PolicyClient, which: str) -> tuple[str, dict[str, str]]:
    """Digest and files of what a person named."""
    if Path(which).is_dir():
        files = read_texts(Path(which))
        return bundle_digest(files), files
    if which.isdecimal():
        return client.bundle(version=int(which))
    return client.bundle(digest=which)


def _two(options: argparse.Namespace) -> tuple[Bundle, Bundle]:
    with _client(options) as client:
        before = parse_bundle(_files(client, options.against)[1])
        return before, parse_bundle(_files(client, options.bundle)[1])


def _draft(options: argparse.Namespace) -> Outcome:
    files = read_texts(options.directory)
    check_governance(parse_bundle(files))
    with _client(options) as client:
        return _make_act(client, client.store_bundle(files), options)


def _revert(options: argparse.Namespace) -> Outcome:
    with _client(options) as client:
        digest, _ = client.bundle(version=options.version)
        return _make_act(client, digest, options)


def _make_act(client: PolicyClient, digest: str, options: argparse.Namespace) -> Outcome:
    present = client.versions()[0]
    parameters = {
        "version": present.version + 1, "bundle": digest, "previous": present.digest, "note": options.note,
    }  # fmt: skip
    act = administer.draft("activate_policy", parameters, now=int(datetime.now(UTC).timestamp()))
    options.output.write_bytes(act)
    return act_outcome(act, str(options.output))


def _diff(options: argparse.Namespace) -> Outcome:
    return diff_outcome(*_two(options), status=DIFFERS)


def _rehearse(options: argparse.Namespace) -> Outcome:
    from hsm.policy_rehearsal import rehearse_on_journal  # noqa: PLC0415 -- reads the store: HSM_*

    before, after = _two(options)
    return rehearse_on_journal(
        before, after, last=options.last, credential_id=options.credential, status=DIFFERS
    )


def _approve(options: argparse.Namespace) -> Outcome:
    act = options.act.read_bytes()
    approval = administer.approve(act, options.key)
    options.output.write_text(approval.evidence)
    return act_outcome(act, str(options.output), approved=True)


def _activate(options: argparse.Namespace) -> Outcome:
    act = options.act.read_bytes()
    approvals = [administer.read_approval(path) for path in options.approvals]
    approvals += asked_approvals(options, act, options.ask)
    with _client(options) as client:
        result = client.perform(act, approvals)
    version, digest = result["version"], result["bundle"]
    text = f"Phiên bản {version} đang hiệu lực / version {version} is in force\n  sha256 {digest}\n"
    return Outcome(result, text)


def _list(options: argparse.Namespace) -> Outcome:
    with _client(options) as client:
        return list_outcome(client.versions())


def _show(options: argparse.Namespace) -> Outcome:
    with _client(options) as client:
        digest, files = _files(client, options.bundle)
        versions = [one for one in client.versions() if one.digest == digest]
    if options.directory:
        options.directory.mkdir(parents=True)
        for name, text in files.items():
            (options.directory / name).parent.mkdir(exist_ok=True)
            (options.directory / name).write_text(text, "utf-8")
    return show_outcome(digest, parse_bundle(files), versions)
