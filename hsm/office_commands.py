"""``python -m hsm office …``: offices, who holds which post in them, who signs in whose stead.

    python -m hsm office register H47 --name "Ủy ban nhân dân tỉnh" --key admin-1.jwk --key admin-2.jwk
    python -m hsm office give-post H47 --person an --rank head --capacity "TM. ỦY BAN NHÂN DÂN / CHỦ TỊCH" …
    python -m hsm office give-mandate H47 --form KT --from-post ID --to-post ID \\
        --capacity "TM. ỦY BAN NHÂN DÂN / KT. CHỦ TỊCH / PHÓ CHỦ TỊCH" -o act.json
    python -m hsm approve act.json --key admin-1.jwk -o admin-1.jws         # and another administrator
    python -m hsm ask act.json -o grantor.json          # who gives the mandate, in their browser
    python -m hsm perform act.json admin-1.jws admin-2.jws grantor.json
    python -m hsm office show H47                                            # settings: HSM_*

With ``-o`` a command only drafts its act; with ``--key`` twice it has it done (development).
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hsm import administer
from hsm.client import KeyProcess
from hsm.errors import ActMalformed
from hsm.subcommands import AddCommand, subcommand
from policies.local_time import VIETNAM
from policies.office_life import FORMS, RANKS

SOCKET = "unix:run/hsm-admin.sock"
_CAPACITY = 'dòng ngăn bởi " / " / lines parted by " / "'


def add_commands(add: AddCommand) -> None:
    """Add ``office`` and its commands."""
    office = add("office", None, "đơn vị, chức vụ, giao ký / offices, posts, mandates")
    commands = office.add_subparsers(required=True)

    def command(name: str, action: str, vietnamese: str, english: str) -> argparse.ArgumentParser:
        run = _act_of(action) if action else _show
        added = subcommand(commands, name, run, f"{vietnamese} / {english}")
        if action:
            added.add_argument("-o", "--output", type=Path, help="chỉ soạn việc / only draft the act")
            added.add_argument("--key", type=Path, action="append", default=[], help="quản trị viên; twice")
            added.add_argument("--socket", default=SOCKET, help="của quản trị viên / the administrators'")
        return added

    register = command("register", "register_office", "ghi nhận đơn vị", "register an office")
    register.add_argument("office", help="mã đơn vị (QĐ 20/2020/QĐ-TTg): H47.5")
    register.add_argument("--name", required=True)
    register.add_argument("--above", help="đơn vị cấp trên / the office above")
    register.add_argument("--training", action="store_true", default=None, help="đơn vị MẪU / for training")
    retire = command("retire", "retire_office", "ngừng đơn vị", "retire an office")
    retire.add_argument("office")
    post = command("give-post", "give_post", "ghi nhận chức vụ", "record a post")
    post.add_argument("office")
    post.add_argument("--person", dest="person_id", required=True)
    post.add_argument("--rank", choices=RANKS, required=True)
    post.add_argument("--capacity", required=True, help=_CAPACITY)
    end = command("end-post", "end_post", "thôi chức vụ", "end a post")
    end.add_argument("post")
    mandate = command("give-mandate", "give_mandate", "giao ký; người giao cùng phê duyệt", "give a mandate")
    mandate.add_argument("office")
    mandate.add_argument("--form", choices=FORMS, required=True)
    mandate.add_argument("--from-post", help="chức vụ của người giao / the grantor's post")
    mandate.add_argument("--from-mandate", help="việc giao ký TL. được giao lại / a TL. passed on")
    mandate.add_argument("--to-post", required=True)
    mandate.add_argument("--capacity", required=True, help=_CAPACITY)
    mandate.add_argument("--operation", dest="operations", action="append", help="sign, initial, comment")
    mandate.add_argument("--kind", dest="document_kinds", action="append", help="loại văn bản / kind")
    mandate.add_argument("--written", help="số, ngày văn bản giao / number and date of the document")
    for one in (post, mandate):
        one.add_argument("--starts", dest="starts_at", help="YYYY-MM-DD[THH:MM], giờ Việt Nam")
        one.add_argument("--ends", dest="ends_at", help="YYYY-MM-DD[THH:MM], giờ Việt Nam")
    revoke = command("revoke-mandate", "revoke_mandate", "thu hồi giao ký", "revoke a mandate")
    revoke.add_argument("mandate")
    show = command("show", "", "xem đơn vị (HSM_*)", "offices; of one, its posts and mandates")
    show.add_argument("office", nargs="?")


_PARAMETERS = (
    "office", "name", "above", "training", "person_id", "rank", "capacity", "post", "form", "from_post",
    "from_mandate", "to_post", "operations", "document_kinds", "written", "starts_at", "ends_at", "mandate",
)  # fmt: skip


def _act_of(action: str) -> Callable[[argparse.Namespace], dict[str, Any]]:
    def run(options: argparse.Namespace) -> dict[str, Any]:
        given = vars(options)
        parameters = {name: given[name] for name in _PARAMETERS if given.get(name) is not None}
        act = administer.draft(action, _with_times(parameters), now=int(datetime.now(UTC).timestamp()))
        if options.output:
            options.output.write_bytes(act)
            return {"act": str(options.output), "action": action}
        client = KeyProcess(options.socket)
        try:
            return client.perform(act, [administer.approve(act, key) for key in options.key])
        finally:
            client.close()

    return run


def _with_times(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Times as Unix seconds. Raises ActMalformed."""
    times = {}
    for name in ("starts_at", "ends_at"):
        if name in parameters:
            try:
                moment = datetime.fromisoformat(parameters[name])
            except ValueError as error:
                raise ActMalformed(f"{parameters[name]} is no YYYY-MM-DD[THH:MM].") from error
            times[name] = int((moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)).timestamp())
    return {**parameters, **times}


def _show(options: argparse.Namespace) -> dict[str, Any]:
    from hsm import roles  # noqa: PLC0415 -- not for the other commands
    from hsm.database import Database  # noqa: PLC0415
    from hsm.settings import Settings  # noqa: PLC0415

    moment = int(datetime.now(UTC).timestamp())
    database = Database(Settings.from_environment().database_url)
    try:
        with database.reading() as connection:
            if not options.office:
                return {"offices": [asdict(one) for one in roles.offices(connection)]}
            found = roles.find_office(connection, options.office)
            if found is None:
                raise ActMalformed("There is no such office.")
            held = roles.everything(connection, options.office)
            return {
                **asdict(found),
                "posts": [{**asdict(one), "held": one.held(moment)} for one in held["posts"]],
                "mandates": [
                    {**asdict(one), "state": roles.mandate_state(connection, one, moment)}
                    for one in held["mandates"]
                ],
            }
    finally:
        database.close()
