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


def test_a_second_factor_has_thirty_tries_a_day_and_a_right_one_shortens_no_day(
    budgets: LoginBudgets, account: str
) -> None:
    """Ten in ten minutes alone would be 1,440 a day: one chance in two hundred, for who has the password."""
    day = NOW - NOW % 86400
    for number in range(30):
        budgets.take_second(account, device="", now=day + number * 600)
    with pytest.raises(TooManyRequests) as refused:
        budgets.take_second(account, device="", now=day + 30 * 600)
    assert refused.value.retry_after == 86400 - 30 * 600
    owner = budgets.take_second(account, device="own", now=day)
    budgets.give_back(owner)
    budgets.take_second(account, device="", now=day + 86400)


def test_nobody_guesses_while_redis_is_away(own_redis: RunningRedis, account: str) -> None:
    budgets = LoginBudgets(redis.Redis.from_url(own_redis.url))
    taken = budgets.take(account, account, device="", now=NOW)
    own_redis.stop()
    with pytest.raises(ReplayStoreUnavailable):
        budgets.take(account, account, device="", now=NOW)
    with pytest.raises(ReplayStoreUnavailable):
        budgets.give_back(taken)


def test_a_network_that_anybody_has_whole_counts_as_one_address(budgets: LoginBudgets, account: str) -> None:
    """A line of IPv6 has 2^64 addresses: each guess could come from another."""
    subnet = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}"
    for number in range(5):
        guess(budgets, account, f"{subnet}::{number + 1:x}", 1)
    with pytest.raises(TooManyRequests):
        guess(budgets, account, f"{subnet}:ffff::1", 1)
    guess(budgets, account, "2001:db8:ffff:ffff::1", 1)


def test_a_known_device_guesses_no_more_in_an_hour_than_strangers(
    budgets: LoginBudgets, account: str
) -> None:
    """Whoever sits at a colleague's browser, or has its cookie."""
    for minute in range(3):
        for _ in range(10):
            budgets.take(account, account, device="known", now=NOW + minute * 60)
    with pytest.raises(TooManyRequests) as refused:
        budgets.take(account, account, device="known", now=NOW + 300)
    assert 60 < (refused.value.retry_after or 0) <= 3600
    budgets.take(account, account, device="another", now=NOW + 300)


def test_a_right_guess_shortens_no_counters_life(budgets: LoginBudgets, account: str, redis_url: str) -> None:
    """Or the owner's own login would hand an attacker a fresh hour every ten minutes."""
    guess(budgets, account, account, 3)
    budgets.give_back(budgets.take(account, account, device="", now=NOW))
    client = redis.Redis.from_url(redis_url)
    [key] = client.keys(f"idp:login:account:{account}:*")
    assert client.ttl(key) > 3000


def test_a_counter_that_is_gone_is_not_made_again(
    budgets: LoginBudgets, account: str, redis_url: str
) -> None:
    """Redis began anew while a password was hashed: nobody has a guess more than five for it."""
    taken = budgets.take(account, account, device="", now=NOW)
    client = redis.Redis.from_url(redis_url)
    client.delete(*taken.keys)
    budgets.give_back(taken)
    assert not client.exists(*taken.keys)
    guess(budgets, account, account, 5)
    with pytest.raises(TooManyRequests):
        guess(budgets, account, account, 1)
