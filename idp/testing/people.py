"""People of the tests: made up, and their names say so (MẪU)."""

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Any

import pyotp

from idp.directory.factor import TOTP
from idp.directory.organisation import Organisation
from idp.directory.person import CITIZEN, OFFICIAL, Person, Post
from idp.login.password_rules import normal_password
from idp.services import Services

PASSWORD = "mau-thu-nghiem-khong-bi-mat"  # noqa: S105 -- of people who do not exist
MARK = "MẪU"
_AGENCY, _AGENCY_NAME = "H47.12", "Sở Thử nghiệm MẪU"


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """``totp_secret``: base32, or "" for somebody who has a password alone (LoA1 or LoA2 at most)."""

    person_id: str
    kind: str
    username: str
    password: str
    name: str
    totp_secret: str


def add_person(
    services: Services, kind: str, *, username: str = "", totp: bool = False, **claims: Any
) -> SamplePerson:
    """``kind``: citizen or official. ``claims``: standard claims over the made-up ones.

    Raises DirectoryConflict, DirectoryRefused.
    """
    if kind not in (CITIZEN, OFFICIAL):
        raise ValueError(f"kind is {CITIZEN} or {OFFICIAL}")
    now = int(time.time())
    username = username or f"mau.{secrets.token_hex(4)}"
    given = {"name": "Nguyễn Thị Lan" if kind == CITIZEN else "Trần Văn Cán Bộ", "locale": "vi-VN"}
    known = {**given, "email": f"{username}@example.com", "email_verified": True, **claims}
    if MARK not in known["name"]:
        known["name"] = f"{known['name']} {MARK}"
    posts: tuple[Post, ...] = ()
    if kind == OFFICIAL:
        services.organisations.save(Organisation(_AGENCY, _AGENCY_NAME), now)
        posts = (Post(_AGENCY, _AGENCY_NAME, "Chuyên viên"),)
    person_id = str(uuid.uuid4())
    services.people.save(
        Person(person_id, kind, "active", username, known, identity_level="02", posts=posts), now
    )
    hashed = services.login.hashing.hash(normal_password(PASSWORD))
    services.factors.replace_password(person_id, hashed, now, initial=False)
    secret = pyotp.random_base32(32) if totp else ""
    if secret:
        services.factors.add(person_id, TOTP, secret=secret, now=now)
    return SamplePerson(person_id, kind, username, PASSWORD, known["name"], secret)


def fresh_otp(services: Services, person: SamplePerson) -> str:
    """A one-time password that is taken now, however often the person logged in within 30 seconds."""
    now = int(time.time())
    for factor in services.factors.of_person(person.person_id):
        if factor.kind == TOTP:
            services.factors.change_state(factor.factor_id, person.person_id, "retired")
    services.factors.add(person.person_id, TOTP, secret=person.totp_secret, now=now)
    return pyotp.TOTP(person.totp_secret).now()
