"""What a client is told of a person: by scope (OpenID Connect Core §5.4) and by name (§5.5)."""

from collections.abc import Iterable, Mapping
from typing import Any

from idp.directory.person import Mandate, Person
from idp.protocol.assurance import Authentication
from idp.protocol.client import Client

SCOPE_CLAIMS: Mapping[str, tuple[str, ...]] = {
    "profile": (
        "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
        "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
    ),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "address": ("address",),
    "identity": ("identity_level", "personal_number"),
    "posts": ("posts",),
    "mandate": ("mandate",),
}  # fmt: skip
# Only for clients that list them in claims_allowed, on a recorded legal basis (Luật 91/2025/QH15).
GUARDED = frozenset({"personal_number"})
CLAIMS_SUPPORTED = ("sub", "acr", "auth_time", "amr", "sid", *dict.fromkeys(sum(SCOPE_CLAIMS.values(), ())))


def claims_of_scopes(scopes: Iterable[str]) -> frozenset[str]:
    return frozenset(name for scope in scopes for name in SCOPE_CLAIMS.get(scope, ()))


def tell(
    person: Person, authentication: Authentication, client: Client, names: Iterable[str], now: int
) -> dict[str, Any]:
    """Those of ``names`` that are known of the person and that this client may know, ``now``."""
    known = {
        name: value for name, value in _known(person, authentication, now).items() if value not in ("", None)
    }
    allowed = frozenset(client.metadata.claims_allowed)
    return {
        name: known[name]
        for name in sorted(names)
        if name in known and (name not in GUARDED or name in allowed)
    }


def still_acts(person: Person | None, authentication: Authentication, now: int) -> bool:
    """Whether the mandate that was chosen, if any, is there and valid.

    To leave an ended one out would say that the person acts for themselves: refuse instead.
    """
    if not authentication.mandate_id:
        return True
    return person is not None and _mandate(person, authentication, now) is not None


def _mandate(person: Person, authentication: Authentication, now: int) -> Mandate | None:
    return next(
        (
            each
            for each in person.mandates
            if each.mandate_id == authentication.mandate_id and each.is_valid(now)
        ),
        None,
    )


def _known(person: Person, authentication: Authentication, now: int) -> dict[str, Any]:
    known: dict[str, Any] = dict(person.claims)
    known.setdefault("preferred_username", person.username)
    known["identity_level"] = authentication.identity_level or person.identity_level
    known["personal_number"] = person.personal_number
    known["posts"] = [
        {"organisation": each.organisation, "organisation_name": each.organisation_name, "title": each.title}
        for each in person.posts
    ] or None
    mandate = _mandate(person, authentication, now)
    if mandate is not None:
        known["mandate"] = {
            "kind": mandate.kind,
            "represented": mandate.represented,
            "represented_name": mandate.represented_name,
            "scope": list(mandate.scope),
        }
    return known
