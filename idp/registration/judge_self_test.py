"""What a self-test has seen, as a list for people: seen, not yet, wrong. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from idp.protocol.client_metadata import BASELINE, ClientMetadata
from idp.registration.self_test_steps import BACKCHANNEL, BINDING, PUSHED, REFRESH, STEPS, Step
from idp.store.self_tests import Sighting

SEEN, NOT_YET, WRONG = "seen", "not_yet", "wrong"


@dataclass(frozen=True, slots=True)
class Item:
    """``seen_at``: Unix seconds, 0 when it was not seen or the time is not known."""

    step: Step
    state: str
    seen_at: int = 0
    note: str = ""


def judge(metadata: ClientMetadata, sightings: Mapping[str, Sighting], now: int) -> list[Item]:
    """In the order of a login; steps that this client's registration does not ask for are left out."""
    not_wanted = set(_not_wanted(metadata, now))
    return [
        _item(step, sightings.get(step.name))
        for step in STEPS
        if step.name in sightings or step.name not in not_wanted
    ]


def needs_pushed(metadata: ClientMetadata, now: int) -> bool:
    return metadata.require_pushed_authorization_requests or _is_strict(metadata, now)


def needs_binding(metadata: ClientMetadata, now: int) -> bool:
    return (
        metadata.dpop_bound_access_tokens
        or metadata.tls_client_certificate_bound_access_tokens
        or metadata.token_endpoint_auth_method == "none"  # noqa: S105 -- a method
        or _is_strict(metadata, now)
    )


def _is_strict(metadata: ClientMetadata, now: int) -> bool:
    return not (metadata.profile == BASELINE and now < metadata.profile_until)


def _not_wanted(metadata: ClientMetadata, now: int) -> Iterator[str]:
    if not needs_pushed(metadata, now):
        yield PUSHED
    if not needs_binding(metadata, now):
        yield BINDING
    if "refresh_token" not in metadata.grant_types:
        yield REFRESH
    if not metadata.backchannel_logout_uri:
        yield BACKCHANNEL


def _item(step: Step, seen: Sighting | None) -> Item:
    if seen is None:
        return Item(step, NOT_YET)
    return Item(step, SEEN if seen.ok else WRONG, seen.at, seen.note)
