"""Budgets of guesses, in a real Redis."""

import secrets

import pytest
import redis

from idp.errors import ReplayStoreUnavailable, TooManyRequests
from idp.store.login_budgets import LoginBudgets
from tests.servers.redis import RunningRedis

NOW = 1_800_000_000


@pytest.fixture
def budgets(redis_url: str) -> LoginBudgets:
    return LoginBudgets(redis.Redis.from_url(redis_url))


@pytest.fixture
def account() -> str:
    return secrets.token_hex(8)


def guess(budgets: LoginBudgets, account: str, address: str, times: int, now: int = NOW) -> None:
    for _ in range(times):
        budgets.take(account, address, device="", now=now)


def test_the_sixth_guess_in_a_minute_waits(budgets: LoginBudgets, account: str) -> None:
    guess(budgets, account, account, 5)
    with pytest.raises(TooManyRequests) as refused:
        guess(budgets, account, account, 1)
    assert 0 < (refused.value.retry_after or 0) <= 60
    guess(budgets, account, account, 1, NOW + 60)


def test_one_address_cannot_try_many_accounts(budgets: LoginBudgets, account: str) -> None:
    for number in range(50):
        guess(budgets, f"{account}-{number}", account, 1)
    with pytest.raises(TooManyRequests):
        guess(budgets, f"{account}-50", account, 1)


def test_many_addresses_cannot_try_one_account_and_its_owner_is_not_locked_out(
    budgets: LoginBudgets, account: str
) -> None:
    for number in range(30):
        guess(budgets, account, f"{account}-{number}", 1, NOW)
    with pytest.raises(TooManyRequests):
        guess(budgets, account, f"{account}-x", 1)
    # The owner's own computer has a budget that nobody else can spend.
    budgets.take(account, "anywhere", device="own", now=NOW)


def test_an_office_behind_one_address_logs_in_all_at_once(budgets: LoginBudgets, account: str) -> None:
    for number in range(200):
        budgets.give_back(budgets.take(f"{account}-{number}", account, device="", now=NOW))


def test_a_second_factor_has_ten_tries(budgets: LoginBudgets, account: str) -> None:
    for _ in range(10):
        budgets.take_second(account, device="", now=NOW)
    with pytest.raises(TooManyRequests):
        budgets.take_second(account, device="", now=NOW)
    budgets.take_second(account, device="own", now=NOW)


def test_nobody_guesses_while_redis_is_away(own_redis: RunningRedis, account: str) -> None:
    budgets = LoginBudgets(redis.Redis.from_url(own_redis.url))
    taken = budgets.take(account, account, device="", now=NOW)
    own_redis.stop()
    with pytest.raises(ReplayStoreUnavailable):
        budgets.take(account, account, device="", now=NOW)
    with pytest.raises(ReplayStoreUnavailable):
        budgets.give_back(taken)
