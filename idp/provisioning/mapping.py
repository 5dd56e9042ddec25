"""Between the directory's Person and SCIM's User. The directory is the truth for what both know."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
from scim2_models import Context, Email, GroupMembership, Meta, Name, PhoneNumber, Reference

from idp.directory.person import ACTIVE, OFFICIAL, Person, Post
from idp.provisioning.resources import OfficialUser
from idp.store.provisioned import Official

_NAME = {"formatted": "name", "family_name": "family_name", "given_name": "given_name",
         "middle_name": "middle_name"}  # fmt: skip
# Of the resource, what is not kept beside the directory: it is there already, or the server's own.
_NOT_KEPT = ("schemas", "id", "externalId", "meta", "groups", "active", "userName")


def user_of(official: Official, base: str) -> Any:
    """The resource, with its version. ``base``: the URL of /scim/v2."""
    person, provision = official.person, official.provision
    user = OfficialUser.model_validate(dict(provision.attributes), scim_ctx=None)
    user.id = person.person_id
    user.external_id = provision.external_id or None
    user.user_name = person.username
    user.active = person.state == ACTIVE
    _overlay_claims(user, person.claims)
    if person.posts:
        user.title = person.posts[0].title or None
    user.groups = [
        GroupMembership(
            value=post.organisation,
            display=post.organisation_name,
            ref=Reference(f"{base}/Groups/{post.organisation}"),
            type="direct",
        )
        for post in person.posts
    ] or None
    user.meta = Meta(
        resource_type="User",
        created=datetime.fromtimestamp(provision.created_at, UTC),
        last_modified=datetime.fromtimestamp(provision.changed_at, UTC),
        location=f"{base}/Users/{person.person_id}",
    )
    user.meta.version = version_of(user)
    return user


def version_of(resource: Any) -> str:
    """A weak entity tag of everything but the times: equal content, equal tag."""
    dumped = resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    dumped.pop("meta", None)
    digest = hashlib.sha256(orjson.dumps(dumped, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f'W/"{digest[:20]}"'


def person_of(user: Any, before: Person) -> Person:
    """The directory's person as ``user`` wants it, but for the state."""
    claims = {**before.claims}
    for part, claim in _NAME.items():
        _put(claims, claim, getattr(user.name, part, None) if user.name else None)
    if user.display_name:
        claims["name"] = user.display_name
    if _put(claims, "email", _primary(user.emails)):
        claims["email_verified"] = False
    if _put(claims, "phone_number", _primary(user.phone_numbers)):
        claims["phone_number_verified"] = False
    _put(claims, "locale", user.locale)
    for claim in ("email", "phone_number"):
        if claim not in claims:
            claims.pop(f"{claim}_verified", None)
    posts = before.posts
    if posts and (user.title or "") != posts[0].title:
        posts = (replace(posts[0], title=user.title or ""), *posts[1:])
    return replace(before, kind=OFFICIAL, username=user.user_name or "", claims=claims, posts=posts)


def kept_of(user: Any) -> dict[str, Any]:
    """What SCIM keeps beside the directory."""
    dumped: dict[str, Any] = user.model_dump(scim_ctx=Context.DEFAULT)
    return {name: value for name, value in dumped.items() if name not in _NOT_KEPT}


def with_post(person: Person, code: str, name: str, title: str) -> Person:
    return replace(person, posts=(*person.posts, Post(code, name, title)))


def without_post(person: Person, code: str) -> Person:
    return replace(person, posts=tuple(post for post in person.posts if post.organisation != code))


def _overlay_claims(user: Any, claims: Mapping[str, Any]) -> None:
    name = user.name or Name()
    for part, claim in _NAME.items():
        if part != "formatted" or name.formatted or not user.display_name:
            setattr(name, part, claims.get(claim))
    if name.model_dump(exclude_none=True):
        user.name = name
    if user.display_name:
        user.display_name = claims.get("name")
    user.locale = claims.get("locale")
    user.emails = _with_primary(user.emails, claims.get("email"), Email)
    user.phone_numbers = _with_primary(user.phone_numbers, claims.get("phone_number"), PhoneNumber)


def _with_primary(values: Any, wanted: Any, kind: Any) -> Any:
    """The stored values, unless the person's own page changed the one that counts."""
    if not wanted or _primary(values) == wanted:
        return values if wanted else None
    others = [each for each in values or [] if not each.primary][1:]
    return [kind(value=wanted, primary=True), *others]


def _primary(values: Any) -> str | None:
    if not values:
        return None
    first = next((each for each in values if each.primary), values[0])
    return str(first.value) if first.value else None


def _put(claims: dict[str, Any], name: str, value: str | None) -> bool:
    """Whether it changed to another value."""
    if not value:
        claims.pop(name, None)
        return False
    changed = claims.get(name) != value
    claims[name] = value
    return changed
