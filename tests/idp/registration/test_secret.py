"""Client secrets end, and overlap when they are rotated."""

import pytest

from idp.protocol.client_metadata import ClientMetadata
from idp.protocol.registration.secret import DAY, with_new_secret, without_secret

NOW = 1_790_000_000


def test_old_and_new_are_taken_for_a_while() -> None:
    first, old = with_new_secret(ClientMetadata(), now=NOW)
    second, new = with_new_secret(first, now=NOW + DAY)
    assert second.takes_secret(old, NOW + 2 * DAY)
    assert second.takes_secret(new, NOW + 2 * DAY)
    assert not second.takes_secret(old, NOW + 15 * DAY)
    assert second.takes_secret(new, NOW + 180 * DAY)
    assert not second.takes_secret(new, NOW + 181 * DAY)
    assert old not in str(second)


def test_a_leaked_secret_does_not_overlap() -> None:
    first, old = with_new_secret(ClientMetadata(), now=NOW)
    second, _ = with_new_secret(first, now=NOW, overlap_days=0)
    assert not second.takes_secret(old, NOW)


@pytest.mark.parametrize("given", ["", "x", "\ud800"])
def test_nothing_and_anything_are_no_secret(given: str) -> None:
    assert not ClientMetadata().takes_secret(given, NOW)
    assert not with_new_secret(ClientMetadata(), now=NOW)[0].takes_secret(given, NOW)


@pytest.mark.parametrize(("days", "overlap"), [(0, 0), (366, 0), (180, 15), (180, -1)])
def test_no_secret_is_for_ever(days: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="secret"):
        with_new_secret(ClientMetadata(), now=NOW, days=days, overlap_days=overlap)


def test_a_client_without_a_secret_keeps_none() -> None:
    assert without_secret(with_new_secret(ClientMetadata(), now=NOW)[0]) == ClientMetadata()
