"""``python -m hsm ask`` and ``enrol-passkey``: have a person approve, or make a passkey, in their browser.

    python -m hsm ask act.json -o grantor.json          # prints a link, waits, keeps the approval
    python -m hsm enrol-passkey PERSON --key admin-1.jwk --key admin-2.jwk
    python -m hsm enrol-passkey PERSON -o act.json      # then approve and perform, each on their own machine

The link is for the person it asks, opens that one act, once, and ends after ``--wait`` seconds. The page
shows the act; what approves it is the person's passkey over the act's digest. ``--ask`` of ``perform`` and
``policy activate`` does the same and goes on.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hsm import administer
from hsm.acts.enrol_people import INVITATION
from hsm.api import hsm_pb2, hsm_pb2_grpc
from hsm.client import Approval, ApprovalRefused, KeyProcess
from hsm.errors import ActMalformed

AddCommand = Callable[[str, Any, str], argparse.ArgumentParser]
SOCKET = "unix:run/hsm-admin.sock"
WAIT_SECONDS = 900
LOOK_SECONDS = 1.0


def add_commands(add: AddCommand) -> None:
    """Add ``ask`` and ``enrol-passkey``."""
    ask = add("ask", _ask, "have a person approve an act by passkey, in their browser")
    ask.add_argument("act", type=Path)
    ask.add_argument("-o", "--output", type=Path, required=True, help="the approval")
    enrol = add(
        "enrol-passkey", _enrol_passkey, "have a person make a passkey in their browser, and enrol it"
    )
    enrol.add_argument("person")
    enrol.add_argument("--key", type=Path, action="append", default=[], help="of an administrator; twice")
    enrol.add_argument("-o", "--output", type=Path, help="only draft the act, for two to approve")
    for one in (ask, enrol):
        one.add_argument("--socket", default=SOCKET)
        add_page(one)


def add_page(command: argparse.ArgumentParser) -> None:
    """The two options of whatever prints a link."""
    command.add_argument("--page", default="", help="https://… of the approval pages; else the first origin")
    command.add_argument("--wait", type=int, default=WAIT_SECONDS, help="seconds that the link lives")


def asked_approvals(options: argparse.Namespace, act: bytes, count: int) -> list[Approval]:
    """Of ``count`` people, one after the other. Raises HsmError."""
    return [Approval("passkey", _wait_for(options, act)) for _ in range(count)]


class Asking(KeyProcess):
    """On the administrators' socket, which alone offers this."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self._asking: Any = hsm_pb2_grpc.AskConsentsStub(self._channel)  # type: ignore[no-untyped-call]

    def ask(self, act: bytes, seconds: int) -> Any:
        return self._call(self._asking.Ask, hsm_pb2.AskConsentRequest(act=act, seconds=seconds))

    def collect(self, handle: str) -> str:
        return str(self._call(self._asking.Collect, hsm_pb2.ConsentRef(handle=handle)).evidence)


def _wait_for(options: argparse.Namespace, act: bytes) -> str:
    """What the person's authenticator answered. Raises ApprovalRefused when nobody did in time."""
    if options.wait < 1:
        raise ActMalformed("--wait is a number of seconds.")
    with closing(Asking(options.socket)) as client:
        asked = client.ask(act, options.wait)
        page = options.page or next(iter(asked.origins), "")
        if not page:
            raise ActMalformed("No approval page is configured: HSM_WEBAUTHN_ORIGINS, or --page.")
        link = f"{page.rstrip('/')}/acts/{asked.handle}"
        sys.stderr.write(f"Mở liên kết này / open this link:\n\n  {link}\n\n")
        sys.stderr.flush()
        while (left := asked.expires_at - time.time()) > LOOK_SECONDS:
            evidence = client.collect(asked.handle)
            if evidence:
                _progress("")
                return evidence
            _progress(f"Đang đợi / waiting: {left:,.0f} s")
            time.sleep(LOOK_SECONDS)
    _progress("")
    raise ApprovalRefused("Nobody approved in time: ask again for a new link.")


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text}\033[K")
        sys.stderr.flush()


def _ask(options: argparse.Namespace) -> dict[str, Any]:
    act = options.act.read_bytes()
    evidence = _wait_for(options, act)
    options.output.write_text(json.dumps({"kind": "passkey", "evidence": evidence}))
    return {"approved": json.loads(act), "approval": str(options.output)}


def _enrol_passkey(options: argparse.Namespace) -> dict[str, Any]:
    if not options.output and len(options.key) < 2:
        # Said before the person makes a passkey that nobody could enrol.
        options.parser.error("--key of two administrators, or -o to only draft the act")
    invitation = administer.draft(INVITATION, {"person_id": options.person}, now=_now())
    registration = json.loads(_wait_for(options, invitation))
    parameters = {
        "person_id": options.person, "invitation": invitation.decode(), "registration": registration,
    }  # fmt: skip
    act = administer.draft("enrol_passkey", parameters, now=_now())
    if options.output:
        options.output.write_bytes(act)
        return {"act": str(options.output), "action": "enrol_passkey"}
    with closing(KeyProcess(options.socket)) as client:
        return client.perform(act, [administer.approve(act, key) for key in options.key])


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
