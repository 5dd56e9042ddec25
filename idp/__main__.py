"""``python -m idp serve | worker | migrate | rotate-cookie-keys | kpi | evidence | clients``.

Exit codes: 0 done, 1 refused or not found, 2 wrong arguments or settings.
"""

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from idp.client_commands import (
    add_initial_access_parser,
    add_lint_parsers,
    run_initial_access,
    run_lint,
    run_rotate,
)
from idp.cookie_keys import ensure_cookie_keys, rotate_cookie_keys
from idp.errors import IdpError, InvalidClientMetadata, InvalidRedirectUri, RegistrationRefused
from idp.people_commands import add_people_parser, run_people
from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.registration.administrators import administrators_metadata
from idp.protocol.strict_json import parse_strict_object
from idp.register_clients import new_registration, read_jwks
from idp.report import add_report_commands, run_report
from idp.settings import Settings
from idp.store.clients import (
    Registration,
    change_state,
    find_registration,
    find_registrations,
    save_registration,
)
from idp.store.database import Database
from idp.store.migrate import migrate
from idp.store.sealing import ensure_directory_keys


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        settings = Settings()
    except ValidationError as error:
        print(f"Cấu hình IDP_* có lỗi:\nThe IDP_* settings are wrong:\n{error}", file=sys.stderr)
        return 2
    if options.command in ("serve", "worker"):
        return _run(options.command, settings)
    database = Database(settings.database_url)
    try:
        if options.command == "migrate":
            migrate(database, settings.database_url)
            ensure_cookie_keys(settings.cookie_keys_file)
            ensure_directory_keys(settings.directory_keys_file)
            print("Cơ sở dữ liệu đã ở phiên bản mới nhất. The database is at the newest version.")
            return 0
        if options.command == "rotate-cookie-keys":
            rotate_cookie_keys(settings.cookie_keys_file)
            print("Đã thêm khóa cookie mới; khởi động lại. A new cookie key was added; restart the service.")
            return 0
        acts = {"people": _people, "kpi": _report, "evidence": _report, "clients": _clients}
        acts["initial-access-token"] = _initial_access
        return acts[options.command](database, settings, options)
    except RegistrationRefused as error:
        print(error, file=sys.stderr)
    except IdpError as error:
        print(
            f"Không dùng được cơ sở dữ liệu; đã chạy 'python -m idp migrate' chưa? ({error.detail})\n"
            f"The database cannot be used; was 'python -m idp migrate' run? ({error.detail})",
            file=sys.stderr,
        )
    finally:
        database.close()
    return 1


def _run(command: str, settings: Settings) -> int:
    # The server's code is no use to the other commands.
    if command == "serve":
        from idp.serve import serve  # noqa: PLC0415

        serve(settings)
    else:
        from idp.work import work  # noqa: PLC0415

        work(settings)
    return 0


def _report(database: Database, _settings: Settings, options: argparse.Namespace) -> int:
    return run_report(database, options)


def _people(database: Database, settings: Settings, options: argparse.Namespace) -> int:
    shown = run_people(database, settings, options)
    if options.json:
        print(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
        return 0
    for person in shown if isinstance(shown, list) else [shown]:
        print("\t".join((person["username"] or person["person_id"], person["state"], person["name"])))
        for once in ("password", "otpauth"):
            if once in person:
                print(person[once])
    return 0


def _initial_access(database: Database, _settings: Settings, options: argparse.Namespace) -> int:
    shown = run_initial_access(database, options)
    if options.json:
        print(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
        return 0
    for each in shown:
        print("\t".join(str(each[name]) for name in ("token_id", "uses_left", "profile", "agency", "label")))
        if "token" in each:
            print(each["token"])
    return 0


def _clients(database: Database, settings: Settings, options: argparse.Namespace) -> int:
    if options.act == "lint":
        found, code = run_lint(database, settings, options)
        if options.json:
            print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        for each in [] if options.json else found:
            head = "\t".join(each[name] for name in ("severity", "client_id", "code", "about"))
            print(f"{head}\n  {each['vi']}\n  {each['en']}")
        return code
    if options.act == "rotate-secret":
        rotated = run_rotate(database, settings, options)
        print(orjson.dumps(rotated).decode() if options.json else rotated["client_secret"])
        return 0
    match options.act:
        case "add":
            shown = [_add(database, options)]
        case "list":
            with database.reading() as connection:
                shown = find_registrations(connection)
        case "show":
            shown = [_get(database, options.client_id)]
        case _:
            state = {"disable": "disabled", "enable": "active"}[options.act]
            with database.writing() as connection:
                if not change_state(connection, options.client_id, state, int(time.time())):
                    raise _unknown(options.client_id)
            shown = [_get(database, options.client_id)]
    if options.json:
        one = options.act != "list"
        plain = [_plain(registration) for registration in shown]
        print(orjson.dumps(plain[0] if one else plain, option=orjson.OPT_INDENT_2).decode())
        return 0
    for registration in shown:
        print(f"{registration.client_id}\t{registration.state}\t{registration.name}")
    return 0


def _add(database: Database, options: argparse.Namespace) -> Registration:
    try:
        text = sys.stdin.read() if options.jwks == "-" else Path(options.jwks).read_text("utf-8")
    except OSError as error:
        raise RegistrationRefused(
            f"Không đọc được {options.jwks}: {error.strerror}.", f"Cannot read {options.jwks}."
        ) from error
    registration = new_registration(
        options.client_id,
        name=options.name or options.client_id,
        contact=options.contact,
        token_algorithm=options.token_algorithm,
        scopes=options.scope,
        resources=options.resource,
        credential_ids=options.credential,
        introspects=options.introspects,
        jwks=read_jwks(text),
        metadata=_read_metadata(options.metadata),
    )
    with database.writing() as connection:
        if find_registration(connection, registration.client_id) and not options.replace:
            raise RegistrationRefused(
                f"{registration.client_id} đã có; dùng --replace để thay.",
                f"{registration.client_id} exists; use --replace to replace it.",
            )
        save_registration(connection, registration, int(time.time()))
    return registration


def _read_metadata(path: str) -> ClientMetadata:
    """An administrator's file: all that a client may say, and what only administrators do."""
    if not path:
        return ClientMetadata()
    try:
        document = parse_strict_object(Path(path).read_bytes())
        return administrators_metadata(document)
    except (OSError, ValueError) as error:
        raise RegistrationRefused(f"Không đọc được {path}.", f"Cannot read {path} as JSON.") from error
    except (InvalidClientMetadata, InvalidRedirectUri) as error:
        raise RegistrationRefused(f"{path}: {error.message}", f"{path}: {error.message}") from error


def _get(database: Database, client_id: str) -> Registration:
    with database.reading() as connection:
        registration = find_registration(connection, client_id)
    if registration is None:
        raise _unknown(client_id)
    return registration


def _unknown(client_id: str) -> RegistrationRefused:
    return RegistrationRefused(f"Không có client {client_id}.", f"There is no client {client_id}.")


def _plain(registration: Registration) -> dict[str, Any]:
    plain = asdict(registration)
    plain["jwks"] = {"keys": list(plain["jwks"].values())}
    return plain


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m idp", description="Máy chủ định danh. Identity provider.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="chạy dịch vụ / run the service")
    commands.add_parser("worker", help="báo đăng xuất, dọn dẹp / tell of logouts, tidy up")
    commands.add_parser("migrate", help="tạo hoặc nâng cấp cơ sở dữ liệu / make or upgrade the database")
    commands.add_parser("rotate-cookie-keys", help="thêm khóa cookie mới / add a new cookie key")
    add_people_parser(commands)
    add_report_commands(commands)
    add_initial_access_parser(commands)
    clients = commands.add_parser("clients", help="đăng ký hệ thống / register systems")
    acts = clients.add_subparsers(dest="act", required=True)
    add = acts.add_parser("add", help="thêm hoặc thay / add or replace")
    add.add_argument("client_id")
    add.add_argument("--jwks", required=True, metavar="FILE", help="JWK Set hoặc JWK công khai; - là stdin")
    add.add_argument("--name", default="")
    add.add_argument(
        "--metadata", default="", metavar="FILE", help="JSON, RFC 7591; profile, claims_allowed, …"
    )
    add.add_argument("--contact", default="", help="người chịu trách nhiệm / who answers for it")
    add.add_argument("--scope", action="append", default=[], help="lặp lại được / may repeat")
    add.add_argument("--resource", action="append", default=[], metavar="URI", help="RFC 8707; may repeat")
    add.add_argument("--credential", action="append", default=[], metavar="ID", help="antin_sign; may repeat")
    add.add_argument("--introspects", action="append", default=[], metavar="URI", help="RFC 7662; may repeat")
    add.add_argument("--token-algorithm", choices=("ES256", "RS256"), default="ES256")
    add.add_argument("--replace", action="store_true", help="thay nếu đã có / replace if it exists")
    acts.add_parser("list", help="liệt kê / list")
    add_lint_parsers(acts)
    for act in ("show", "disable", "enable"):
        acts.add_parser(act).add_argument("client_id")
    for act_parser in acts.choices.values():
        act_parser.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
