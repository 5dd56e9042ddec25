"""Quotas of signatures, counted where they are reserved: of a credential, a client, an office."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hsm import quota_counts, store
from hsm.acts.policy import BundlePolicy
from hsm.errors import GrantRefused, QuotaSpent, TokenUnavailable
from hsm.life_tasks import LEAST_KEPT, kept_seconds
from policies.bundle import package_directory, parse_bundle, read_texts
from policies.limits import Limit
from tests.hsm.acts.conftest import NOW, ONE_STOP, House, bare_item, to_sign

FILES = read_texts(package_directory())
FIVE = {
    "signatures-per-credential": "5/h", "signatures-per-client": "8/h", "signatures-per-office": "10/h",
}  # fmt: skip


def limited(**profile: int) -> BundlePolicy:
    """The package's policy with limits that a test can reach."""
    quotas = FILES["quotas.toml"]
    for name, limit in FIVE.items():
        head, _, tail = quotas.partition(f"[{name}]\nlimit = ")
        quotas = f'{head}[{name}]\nlimit = "{limit}"{tail[tail.index(chr(10)) :]}'
    profiles = FILES["key-profiles.toml"]
    for name, number in profile.items():
        profiles = profiles.replace("[service-seal]\n", f"[service-seal]\n{name} = {number}\n")
    return BundlePolicy(parse_bundle(FILES | {"quotas.toml": quotas, "key-profiles.toml": profiles}))


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path, postgres_url: Callable[[], str]) -> Iterator[House]:
    url = f"sqlite:///{tmp_path}/q.sqlite3" if request.param == "sqlite" else postgres_url()
    built = House(url)
    built.signing._policy = limited()
    yield built
    built.close()


def with_window(limit: str) -> BundlePolicy:
    """The package's policy, where a credential's quota has this limit."""
    head, _, tail = FILES["quotas.toml"].partition("[signatures-per-credential]\nlimit = ")
    quotas = f'{head}[signatures-per-credential]\nlimit = "{limit}"{tail[tail.index(chr(10)) :]}'
    return BundlePolicy(parse_bundle(FILES | {"quotas.toml": quotas}))


def sign(house: House, count: int = 1, *, now: Any = NOW, **changes: Any) -> None:
    moment = int(now.timestamp())
    items = [bare_item(str(number)) for number in range(count)]
    act = house.act(*items, issued_at=moment, expires_at=moment + 300, **changes)
    made = house.signing.sign_approved(act.encode(), house.approve(act.encode()), to_sign(act), now=now)
    assert len(made) == count


def test_a_credential_signs_as_often_as_its_quota_and_then_says_when(house: House) -> None:
    sign(house, 2)
    sign(house, 3)
    with pytest.raises(QuotaSpent) as spent:
        sign(house)
    assert spent.value.quota == "signatures-per-credential"
    assert 0 < spent.value.retry_after <= 2 * 3600
    with pytest.raises(QuotaSpent):
        sign(house, now=NOW + timedelta(seconds=spent.value.retry_after * 0.8))
    sign(house, now=NOW + timedelta(seconds=spent.value.retry_after + 1))


def test_a_batch_counts_whole_or_not_at_all(house: House) -> None:
    sign(house, 3)
    with pytest.raises(QuotaSpent):
        sign(house, 3)
    sign(house, 2)


def test_a_batch_above_the_limit_is_never_signed(house: House) -> None:
    with pytest.raises(QuotaSpent) as spent:
        sign(house, 6)
    assert spent.value.retry_after == 3600


def test_what_is_refused_leaves_the_approval_unspent(house: House) -> None:
    sign(house, 5)
    act = house.act()
    approval = house.approve(act.encode())
    for _ in range(2):
        with pytest.raises(QuotaSpent):
            house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    house.signing._policy = house.policy
    assert house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)


def test_a_client_is_limited_over_all_its_credentials(house: House) -> None:
    other = house.add_credential("service-seal", "one-stop")
    sign(house, 5)
    sign(house, 3, credential_id=other)
    with pytest.raises(QuotaSpent) as spent:
        sign(house, credential_id=other)
    assert spent.value.quota == "signatures-per-client"


def test_an_office_is_limited_over_all_its_people(house: House) -> None:
    ids = [house.add_credential("service-seal", "one-stop", office="ubnd-xa-mau") for _ in range(3)]
    with house.database.writing() as connection:
        known = [
            house.directory.known(found) for found in store.find_credentials(connection, holder="one-stop")
        ]
    in_office = [one for one in known if one.stored.credential_id in ids]
    moment = int(NOW.timestamp())
    with house.database.writing() as connection:
        for one, count in zip(in_office, (4, 4, 2), strict=True):
            limits = limited().limits(one, f"c-{one.stored.credential_id}")
            quota_counts.check(connection, limits, count, moment)
            quota_counts.spend(connection, limits, count, moment)
        with pytest.raises(QuotaSpent) as spent:
            quota_counts.check(connection, limited().limits(in_office[2], "other"), 1, moment)
    assert spent.value.quota == "signatures-per-office"


def test_a_key_profile_narrows_the_quota_for_its_credentials(house: House) -> None:
    house.signing._policy = limited(signatures_per_day=2)
    sign(house, 2)
    with pytest.raises(QuotaSpent) as spent:
        sign(house)
    assert spent.value.quota == "profile-day"
    with pytest.raises(QuotaSpent):
        sign(house, now=NOW + timedelta(hours=2))
    house.signing._policy = limited(signatures_per_hour=1)
    with pytest.raises(QuotaSpent) as spent:
        sign(house, 2, now=NOW + timedelta(hours=2))
    assert spent.value.quota == "profile-hour"


def test_a_sad_is_counted_when_it_is_redeemed(house: House) -> None:
    act = house.act(*(bare_item(str(number)) for number in range(6)))
    sad = house.signing.authorize(act.encode(), house.approve(act.encode()), now=NOW).sad
    items = to_sign(act)
    house.signing.sign_granted(sad, ONE_STOP, items[:5], now=NOW)
    with pytest.raises(QuotaSpent):
        house.signing.sign_granted(sad, ONE_STOP, items[5:], now=NOW)


def test_what_the_token_failed_to_sign_does_not_count(house: House) -> None:
    house.key.fail = TokenUnavailable("away")
    for _ in range(6):
        with pytest.raises(TokenUnavailable):
            sign(house)
    house.key.fail = None
    sign(house, 5)


def test_a_replay_counts_nothing(house: House) -> None:
    act = house.act()
    approval = house.approve(act.encode())
    house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    for _ in range(6):
        with pytest.raises(GrantRefused):
            house.signing.sign_approved(act.encode(), approval, to_sign(act), now=NOW)
    sign(house, 4)


def test_counts_survive_a_restart(house: House) -> None:
    sign(house, 5)
    house.database.writer.dispose()
    with pytest.raises(QuotaSpent):
        sign(house)


def test_many_at_once_get_exactly_the_quota(house: House) -> None:
    signed: list[int] = []

    def one() -> None:
        try:
            sign(house)
            signed.append(1)
        except QuotaSpent:
            pass

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(signed) == 5


def test_two_processes_on_one_store_share_the_count(house: House) -> None:
    """Each in a transaction of its own: the second waits for the first, and then finds it counted."""
    limit = Limit("tried", "x", 5, 3600, "thử", "tried")
    moment = int(NOW.timestamp())
    done: list[int] = []

    def spend() -> None:
        for _ in range(5):
            try:
                with house.database.writing() as connection:
                    quota_counts.check(connection, [limit], 1, moment)
                    quota_counts.spend(connection, [limit], 1, moment)
                done.append(1)
            except QuotaSpent:
                return

    threads = [threading.Thread(target=spend) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 5


def test_old_windows_are_forgotten_and_living_ones_kept(house: House) -> None:
    sign(house, 5)
    with house.database.writing() as connection:
        assert quota_counts.forget_old(connection, int(NOW.timestamp()) - 86_400 * 30) == 0
        assert quota_counts.forget_old(connection, int(NOW.timestamp()) + 1) > 0


def test_what_a_long_window_counted_is_not_forgotten_while_it_weighs(house: House) -> None:
    """A quota of 20 days that is spent: eleven days into the next window nearly half of it still weighs."""
    policy = with_window("4/20d")
    begun = int(NOW.timestamp()) // (20 * 86_400) * 20 * 86_400
    with house.database.writing() as connection:
        limits = policy.limits(house.directory.get_credential(house.credential_id), "one-stop")
        quota_counts.spend(connection, limits, 4, begun)
        later = begun + 31 * 86_400
        quota_counts.forget_old(connection, later - kept_seconds(policy.bundle))
        with pytest.raises(QuotaSpent):
            quota_counts.check(connection, limits, 4, later)


def test_counts_are_kept_for_twice_the_longest_window_and_a_month_at_least() -> None:
    assert kept_seconds(with_window("4/20d").bundle) == 40 * 86_400
    assert kept_seconds(with_window("4/h").bundle) == LEAST_KEPT
