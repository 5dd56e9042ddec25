"""A person as the rules and the tokens see one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CITIZEN, OFFICIAL = "citizen", "official"
ACTIVE, SUSPENDED, LEFT = "active", "suspended", "left"
ADMINISTRATOR = "administrator"
MANDATE_KINDS = ("enterprise", "child", "ward", "office")


@dataclass(frozen=True, slots=True)
class Post:
    """An office held: ``organisation`` is an agency code (Quyết định 20/2020/QĐ-TTg: ``H47.12.3``)."""

    organisation: str
    organisation_name: str
    title: str


@dataclass(frozen=True, slots=True)
class Mandate:
    """The right to act for another: an enterprise, a child, an office. Times are Unix seconds; 0: no end.

    ``represented``: a tax code, a personal number's HMAC or an agency code, by ``kind``. ``scope``: for what
    (``all``, or names of services).
    """

    mandate_id: str
    kind: str
    represented: str
    represented_name: str
    scope: tuple[str, ...]
    not_before: int
    not_after: int

    def is_valid(self, now: int) -> bool:
        return self.not_before <= now and (not self.not_after or now < self.not_after)


@dataclass(frozen=True, slots=True)
class Person:
    """``person_id``: a UUID that no relying party sees (``sub`` is derived of it, or pairwise).

    ``claims``: standard claims as OpenID Connect Core §5.1 spells them (name, family_name, given_name,
    birthdate, gender, email, email_verified, phone_number, phone_number_verified, address, locale,
    updated_at), only those that are known. ``personal_number``: số định danh cá nhân, 12 digits, or ""; it
    goes only to clients that list the claim in ``claims_allowed``. ``state``: active, suspended, left.
    ``roles``: what the person may do here (``administrator``), not at relying parties.
    """

    person_id: str
    kind: str
    state: str
    username: str
    claims: Mapping[str, Any]
    identity_level: str = ""
    personal_number: str = ""
    posts: tuple[Post, ...] = ()
    mandates: tuple[Mandate, ...] = ()
    roles: tuple[str, ...] = ()

    @property
    def is_administrator(self) -> bool:
        return ADMINISTRATOR in self.roles

    @property
    def name(self) -> str:
        return str(self.claims.get("name", self.username))
