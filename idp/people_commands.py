"""``python -m idp people …``: the first administrator, demos, and what an administrator does by hand.

Passwords are read from standard input or made here and printed once; never taken from arguments, where
every user of the machine could read them.
"""

import argparse
import secrets
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from idp.directory.agency_code import read_agency_code
from idp.directory.factor import PASSWORD, RECOVERY, TOTP
from idp.directory.organisation import Organisation
from idp.directory.person import (
    ACTIVE,
    ADMINISTRATOR,
    CITIZEN,
    MANDATE_KINDS,
    OFFICIAL,
    Mandate,
    Person,
    Post,
)
from idp.directory.subjects import Subjects
from idp.directory.username import check_username
from idp.errors import RegistrationRefused
from idp.evidence.event import Event
from idp.login.hashing import Hashing
from idp.login.one_time_password import new_totp_secret, otpauth_uri
from idp.login.password_rules import check_new_password
from idp.logout.end_session import FACTORS_CHANGED
from idp.settings import Settings
from idp.store.database import Database
from idp.store.factors import Factors
from idp.store.organisations import Organisations
from idp.store.people import People
from idp.store.sealing import read_sealing
from idp.wiring.commands import CommandActs, acts_on_people

_STATES = ("suspend", "activate", "leave")
_ROLES = ("promote", "demote")
# Who did it, in the evidence: whoever may run commands on the host.
_BY = "command"


def add_people_parser(commands: Any) -> None:
    """The arguments, for ``__main__``."""
    people = commands.add_parser("people", help="danh bạ người dùng / the directory of people")
    acts = people.add_subparsers(dest="act", required=True)
    add = acts.add_parser("add", help="thêm người / add a person")
    add.add_argument("username", help="tên đăng nhập; - cho công dân / - for a citizen")
    add.add_argument("--name", required=True)
    add.add_argument("--citizen", action="store_true", help="công dân, đăng nhập qua hệ thống quốc gia")
    add.add_argument("--administrator", action="store_true", help="quản trị dịch vụ này / administers it")
    add.add_argument("--personal-number", default="", metavar="NUMBER", help="số định danh, 12 chữ số")
    add.add_argument("--birthdate", default="", metavar="YYYY-MM-DD")
    add.add_argument("--gender", choices=("male", "female"), default=None)
    add.add_argument("--email", default="")
    add.add_argument("--post", action="append", default=[], metavar="CODE=TITLE", help="may repeat")
    add.add_argument(
        "--organisation",
        action="append",
        default=[],
        metavar="CODE=NAME",
        help="lặp lại được / may repeat",
    )
    acts.add_parser("list", help="liệt kê / list")
    acts.add_parser("show").add_argument("username")
    password = acts.add_parser("set-password", help="đặt mật khẩu / set a password")
    password.add_argument("username")
    password.add_argument("--stdin", action="store_true", help="đọc từ stdin thay vì tạo mới / read it")
    password.add_argument(
        "--lasting",
        action="store_true",
        help="không phải mật khẩu dùng một lần / not only for the first login",
    )
    acts.add_parser("add-totp", help="in mã otpauth / print the otpauth URI").add_argument("username")
    mandate = acts.add_parser("add-mandate", help="quyền làm thay / a right to act for another")
    mandate.add_argument("username")
    mandate.add_argument("--kind", choices=MANDATE_KINDS, required=True)
    mandate.add_argument("--for", dest="represented", required=True, metavar="CODE")
    mandate.add_argument("--for-name", required=True)
    mandate.add_argument("--scope", action="append", default=[])
    mandate.add_argument("--days", type=int, default=365)
    for act in (*_STATES, *_ROLES):
        acts.add_parser(act).add_argument("username")
    for parser in acts.choices.values():
        parser.add_argument("--json", action="store_true")


def run_people(database: Database, settings: Settings, options: argparse.Namespace) -> Any:
    """What the act shows, as plain values. Raises RegistrationRefused, StoreUnavailable."""
    sealing = read_sealing(settings.directory_keys_file)
    people = People(database, sealing)
    with acts_on_people(database, settings, people) as acts:
        return _Acts(
            people, Factors(database, sealing), Organisations(database), acts, Subjects(sealing.index)
        ).run(options)


class _Acts:
    def __init__(
        self,
        people: People,
        factors: Factors,
        organisations: Organisations,
        acts: CommandActs,
        subjects: Subjects,
    ) -> None:
        self.subjects = subjects
        self.people, self.factors, self.organisations = people, factors, organisations
        self.leave, self.evidence, self.acts = acts.leave, acts.evidence, acts
        self.now = int(time.time())

    def run(self, options: argparse.Namespace) -> Any:
        acts: dict[str, Callable[[argparse.Namespace], Any]] = {
            "add": self._add,
            "list": self._list,
            "show": lambda asked: self._shown(self._get(asked.username)),
            "set-password": self._set_password,
            "add-totp": self._add_totp,
            "add-mandate": self._add_mandate,
            "promote": self._change_role,
            "demote": self._change_role,
        }
        act = acts.get(options.act) or self._change_state
        return act(options)

    def _change_state(self, options: argparse.Namespace) -> dict[str, Any]:
        person = self._get(options.username)
        match options.act:
            case "leave":
                self.leave(person.person_id, by=_BY, now=self.now)
            case "suspend":
                self.leave.suspend(person.person_id, by=_BY, now=self.now)
            case _:
                self._activate(person)
        return self._shown(self._get(options.username))

    def _change_role(self, options: argparse.Namespace) -> dict[str, Any]:
        """Who becomes an administrator logs in by a passkey from now on; another administrator invites them
        to enrol one (/admin/passkey-invitations).
        """
        person = self._get(options.username)
        roles = (ADMINISTRATOR,) if options.act == "promote" else ()
        self.people.save(replace(person, roles=roles), self.now)
        self.evidence.record(
            Event(
                "person.role_changed",
                self.now,
                person_id=person.person_id,
                details={"roles": list(roles), "by": _BY},
            )
        )
        # What they are logged in to was judged by what they were.
        self.acts.end_session.all_of(person.person_id, reason=FACTORS_CHANGED, now=self.now, by=_BY)
        return self._shown(self._get(options.username))

    def _activate(self, person: Person) -> None:
        self.people.change_state(person.person_id, ACTIVE, self.now)
        details = {"state": ACTIVE, "by": _BY}
        self.evidence.record(
            Event("person.state_changed", self.now, person_id=person.person_id, details=details)
        )

    def _add(self, options: argparse.Namespace) -> dict[str, Any]:
        names = {}
        for pair in options.organisation:
            code, _, name = pair.partition("=")
            names[read_agency_code(code)] = name
        for code in sorted(names):
            self.organisations.save(Organisation(code, names[code]), self.now)
        known = {
            "name": options.name,
            "birthdate": options.birthdate,
            "gender": options.gender,
            "email": options.email,
        }
        posts = [pair.partition("=") for pair in options.post]
        person = Person(
            person_id=str(uuid.uuid4()),
            kind=CITIZEN if options.citizen else OFFICIAL,
            state="active",
            username="" if options.username == "-" else check_username(options.username),
            claims={claim: value for claim, value in known.items() if value},
            personal_number=options.personal_number,
            posts=tuple(Post(read_agency_code(code), "", title) for code, _, title in posts),
            roles=(ADMINISTRATOR,) if options.administrator else (),
        )
        return self._shown(self.people.save(person, self.now))

    def _add_mandate(self, options: argparse.Namespace) -> dict[str, Any]:
        person = self._get(options.username)
        added = Mandate(
            mandate_id=str(uuid.uuid4()),
            kind=options.kind,
            represented=options.represented,
            represented_name=options.for_name,
            scope=tuple(options.scope) or ("all",),
            not_before=self.now,
            not_after=self.now + options.days * 86400,
        )
        saved = self.people.save(replace(person, mandates=(*person.mandates, added)), self.now)
        return self._shown(saved)

    def _set_password(self, options: argparse.Namespace) -> dict[str, Any]:
        person = self._get(options.username)
        made = "" if options.stdin else secrets.token_urlsafe(12)
        password = check_new_password(made or sys.stdin.readline().rstrip("\r\n"), known=(person.name,))
        hashing = Hashing(threads=1, waiting=0)
        try:
            hashed = hashing.hash(password)
        finally:
            hashing.close()
        self.factors.replace_password(person.person_id, hashed, self.now, initial=not options.lasting)
        self._tell("factor.changed", person, kind=PASSWORD)
        # ASVS 7.4.3: whoever had the old one is out, and so is what they took along.
        self.acts.end_session.all_of(person.person_id, reason=FACTORS_CHANGED, now=self.now, by=_BY)
        self.acts.families.revoke_person(person.person_id, FACTORS_CHANGED, self.now)
        shown = self._shown(person)
        return shown | {"password": made} if made else shown

    def _add_totp(self, options: argparse.Namespace) -> dict[str, Any]:
        person = self._get(options.username)
        secret = new_totp_secret()
        added = self.factors.add(person.person_id, TOTP, secret=secret, now=self.now)
        self._tell("factor.added", person, kind=TOTP, factor_id=added.factor_id)
        uri = otpauth_uri(secret, account=person.username, issuer="Ấn Tín")
        return self._shown(person) | {"otpauth": uri}

    def _tell(self, event: str, person: Person, **details: object) -> None:
        """What was done to a person's factors from the host's shell stands in the person's history too."""
        self.evidence.record(
            Event(event, self.now, person_id=person.person_id, details={**details, "by": _BY})
        )

    def _list(self, _options: argparse.Namespace) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = []
        after = ""
        while found := self.people.find_all(after=after):
            shown += [self._shown(person) for person in found]
            after = found[-1].person_id
        return shown

    def _get(self, username: str) -> Person:
        person = self.people.find_by_username(username) or self.people.find(username)
        if person is None:
            raise RegistrationRefused(f"Không có {username}.", f"There is no {username}.")
        return person

    def _shown(self, person: Person) -> dict[str, Any]:
        """Without the personal number: a terminal's history is no place for it."""
        factors = [each for each in self.factors.of_person(person.person_id) if each.kind != RECOVERY]
        return {
            "person_id": person.person_id,
            # By this the key process knows the person (register_person), and the CSC API too.
            "signer": self.subjects.public_sub(person.person_id),
            "username": person.username,
            "name": person.name,
            "kind": person.kind,
            "state": person.state,
            "roles": list(person.roles),
            "posts": [{"organisation": post.organisation, "title": post.title} for post in person.posts],
            "mandates": [each.represented_name for each in person.mandates],
            "factors": [each.kind for each in factors],
        }
