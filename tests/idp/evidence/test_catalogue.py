"""The catalogue lets through what it lists, and nothing personal besides."""

import pytest

from idp.evidence.catalogue import CATALOGUE, RETENTION_DAYS, check_event
from idp.evidence.event import Event

NOW = 1_800_000_000


def test_every_event_has_its_meaning_in_both_languages() -> None:
    for kind in CATALOGUE.values():
        assert kind.vi
        assert kind.en
        assert kind.vi != kind.en
    assert RETENTION_DAYS == 366


def test_an_event_of_the_catalogue_is_sound() -> None:
    details = {"acr": "LoA3", "amr": ("hwk", "user"), "kiosk": False, "upstream": ""}
    assert check_event(Event("session.started", NOW, details=details)).durable


@pytest.mark.parametrize(
    "event",
    [
        Event("session.imagined", NOW),
        Event("session.started", NOW, details={"name": "Lan"}),
        Event("session.started", NOW, details={"acr": "Nguyễn Thị Lan"}),
        Event("session.started", NOW, details={"acr": "lan@example.gov.vn"}),
        Event("session.started", NOW, details={"acr": "049085001234"}),
        Event("session.started", NOW, details={"acr": "+84905123456"}),
        Event("session.started", NOW, details={"acr": "x" * 101}),
        Event("session.started", NOW, details={"amr": "pwd"}),
        Event("session.started", NOW, details={"amr": ["049085001234"]}),
        Event("session.started", NOW, details={"kiosk": 1}),
        Event("login.throttled", NOW, details={"retry_after": True}),
        Event("session.started", NOW, person_id="x" * 37),
    ],
)
def test_what_the_catalogue_does_not_list_is_refused(event: Event) -> None:
    with pytest.raises(ValueError, match=r"catalogue|may not carry|is not a|too long") as refused:
        check_event(event)
    for secret in ("Lan", "049085001234", "84905123456"):
        assert secret not in str(refused.value)
