"""The order and the waits of a rotation."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hsm.token_key_rotation import (
    ANNOUNCE_SECONDS,
    REMOVE_SECONDS,
    RETIRE_SECONDS,
    Step,
    TokenKeyState,
    next_step,
)
from idp.settings import Settings
from idp.web.jwks import KEPT_SECONDS

NOW = 1_800_000_000
DAY = 86400
STATE_AFTER = {"activate_credential": "active", "suspend_credential": "suspended"}


def perform(keys: list[TokenKeyState], step: Step, now: int) -> list[TokenKeyState]:
    if step.action == "create_credential":
        return [*keys, TokenKeyState(f"key-{now}", "created", now, now)]
    if step.action == "destroy_credential":
        return [key for key in keys if key.credential_id != step.credential_id]
    return [
        replace(key, state=STATE_AFTER[step.action], since=now)
        if key.credential_id == step.credential_id
        else key
        for key in keys
    ]


def test_the_first_key_signs_at_once() -> None:
    step = next_step([], NOW, rotate_after=60 * DAY, emergency=False)
    assert (step.action, step.due_at) == ("create_credential", NOW)
    keys = perform([], step, NOW)
    step = next_step(keys, NOW, rotate_after=60 * DAY, emergency=False)
    assert (step.action, step.due_at) == ("activate_credential", NOW)


def test_a_rotation_takes_its_steps_in_order_each_after_its_wait() -> None:
    keys = [TokenKeyState("old", "active", NOW, NOW)]
    taken, now = [], NOW
    for _ in range(4):
        step = next_step(keys, now, rotate_after=60 * DAY, emergency=False)
        taken.append((step.action, step.due_at - now))
        now = step.due_at
        keys = perform(keys, step, now)
    assert taken == [
        ("create_credential", 60 * DAY),
        ("activate_credential", ANNOUNCE_SECONDS),
        ("suspend_credential", RETIRE_SECONDS),
        ("destroy_credential", REMOVE_SECONDS),
    ]
    assert [key.state for key in keys] == ["active"]


def test_an_emergency_waits_for_nothing_and_ends_with_the_old_key_gone() -> None:
    keys = [TokenKeyState("old", "active", NOW - 5, NOW - 5)]
    taken = []
    for moment in range(4):
        step = next_step(keys, NOW + moment, rotate_after=60 * DAY, emergency=True)
        assert step.due_at <= NOW + moment
        taken.append((step.action, step.credential_id))
        keys = perform(keys, step, NOW + moment)
    assert [action for action, _ in taken] == [
        "create_credential", "activate_credential", "suspend_credential", "destroy_credential",
    ]  # fmt: skip
    assert taken[2][1] == taken[3][1] == "old"
    assert [key.state for key in keys] == ["active"]


def test_an_emergency_does_not_wait_for_a_key_that_is_dated_ahead() -> None:
    """Made within one second of the key that it replaces, it is dated after that."""
    keys = [TokenKeyState("old", "active", NOW, NOW), TokenKeyState("new", "created", NOW + 1, NOW + 1)]
    step = next_step(keys, NOW, rotate_after=60 * DAY, emergency=True)
    assert (step.action, step.credential_id) == ("activate_credential", "new")
    assert step.due_at <= NOW


def test_the_waits_cover_every_cache_and_the_longest_life() -> None:
    def most(name: str) -> int:
        return next(int(each.le) for each in Settings.model_fields[name].metadata if hasattr(each, "le"))

    cached = KEPT_SECONDS + most("token_key_cache_seconds")
    assert cached + 60 <= ANNOUNCE_SECONDS
    assert most("token_key_cache_seconds") < RETIRE_SECONDS
    assert most("access_token_seconds") + cached < REMOVE_SECONDS
    assert most("session_seconds") <= REMOVE_SECONDS - ANNOUNCE_SECONDS


@given(st.lists(st.integers(0, 90 * DAY), min_size=1, max_size=40))
def test_whenever_it_is_run_a_published_key_signs_and_no_key_leaves_early(pauses: list[int]) -> None:
    keys, now = [TokenKeyState("first", "active", NOW, NOW)], NOW
    signed_until: dict[str, int] = {}
    announced: dict[str, int] = {"first": NOW - ANNOUNCE_SECONDS}
    for pause in pauses:
        now += pause
        step = next_step(keys, now, rotate_after=60 * DAY, emergency=False)
        if now < step.due_at:
            continue
        if step.action == "destroy_credential":
            assert now - signed_until[step.credential_id] >= REMOVE_SECONDS
        if step.action == "activate_credential":
            assert now - announced[step.credential_id] >= ANNOUNCE_SECONDS
        if step.action == "suspend_credential":
            signed_until[step.credential_id] = now
        keys = perform(keys, step, now)
        if step.action == "create_credential":
            announced[keys[-1].credential_id] = now
        assert any(key.state == "active" for key in keys)
