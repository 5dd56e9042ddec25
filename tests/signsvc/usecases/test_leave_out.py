"""What is left of an act, and how it is told."""

import pytest

from hsm.client import ActItem, SignAct, SignatureAlgorithm, new_act_id, parse_sign_act
from signsvc.errors import RequestRefused
from signsvc.usecases.leave_out import as_ranges, choose, left_out


def act_of(*titles: str) -> bytes:
    items = tuple(ActItem(title.encode().ljust(32), title, "dtbsr") for title in titles)
    return SignAct(new_act_id(), "c", "k", SignatureAlgorithm.ES256, items, 1, 2).encode()


def test_everything_kept_is_the_very_act_that_was_asked_for() -> None:
    act = act_of("a", "b")
    assert choose(act, [1, 0]) == act
    assert left_out(act, act) == ()


def test_only_items_go_all_else_and_the_order_stay() -> None:
    act = act_of("a", "b", "c", "d")
    rest = parse_sign_act(choose(act, [3, 1]))
    assert [item.title for item in rest.items] == ["b", "d"]
    asked = parse_sign_act(act)
    assert (rest.act_id, rest.client_id, rest.credential_id, rest.expires_at) == (
        asked.act_id, asked.client_id, asked.credential_id, asked.expires_at,
    )  # fmt: skip
    assert left_out(act, rest.encode()) == (0, 2)


@pytest.mark.parametrize("kept", [[], [2], [-1], [0, 0]], ids=str)
def test_what_cannot_be_chosen_is_refused(kept: list[int]) -> None:
    with pytest.raises(RequestRefused):
        choose(act_of("a", "b"), kept)


@pytest.mark.parametrize(
    ("positions", "told"), [((), ""), ((0,), "1"), ((0, 1, 2, 4), "1-3,5"), ((3, 4), "4-5")], ids=str
)
def test_positions_are_told_counted_from_one(positions: tuple[int, ...], told: str) -> None:
    assert as_ranges(positions) == told
