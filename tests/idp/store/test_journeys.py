"""Journeys, pushed requests and codes in a real Redis: bound, short-lived, used once, failing closed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from idp.errors import ReplayStoreUnavailable
from idp.login.journey import Consented, LoginAsked
from idp.login.proofs import Proof
from idp.protocol.assurance import Authentication
from idp.protocol.authorization import Authorization
from idp.protocol.authorize.request import AuthorizationRequest, Destination
from idp.store.admission import connect_redis
from idp.store.codes import LIVE_SECONDS, Codes, Reused, family_of
from idp.store.journeys import Journeys
from idp.store.login_progress import LoginProgress, Progress
from idp.store.pushed import PREFIX, PushedRequests
from tests.servers.redis import RunningRedis

NOW = 1_800_000_000
THERE = Destination("one-stop", "https://one-stop.example.gov.vn/callback", "state", "form_post")
REQUEST = AuthorizationRequest(
    THERE,
    scope="openid profile",
    prompts=("login",),
    claims={"userinfo": {"name": None}},
    details=({"type": "antin_sign"},),
)
SESSION = Authentication("person-1", "session-1", NOW - 60, "LoA2", ("pwd", "otp"))


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with connect_redis(redis_url) as connected:
        yield connected


@pytest.fixture
def journeys(client: redis.Redis) -> Journeys:
    return Journeys(client)


def everything_in(client: redis.Redis) -> str:
    """Keys and values, as somebody reads them who has taken Redis."""
    keys = list(client.scan_iter("idp:*"))
    return str(keys) + str([client.get(key) for key in keys if client.type(key) == b"string"])


def test_a_journey_is_found_by_its_own_browser_only(journeys: Journeys) -> None:
    journey, cookie = journeys.start(REQUEST, session=SESSION, now=NOW)
    assert journeys.find(journey.journey_id, cookie) == journey
    assert (journey.session_id, journey.auth_time) == ("session-1", NOW - 60)
    other, other_cookie = journeys.start(REQUEST, session=None, now=NOW)
    for wrong in (None, "", other_cookie, cookie + "x", "\ud800"):
        assert journeys.find(journey.journey_id, wrong) is None
    assert journeys.find(other.journey_id, cookie) is None
    assert journeys.find("unknown", cookie) is None


def test_what_was_proved_comes_with_the_journey_to_its_own_browser_only(
    journeys: Journeys, client: redis.Redis
) -> None:
    journey, cookie = journeys.start(REQUEST, session=SESSION, now=NOW)
    assert journeys.find_with_progress(journey.journey_id, cookie) == (journey, Progress())
    proved = Progress("person-1", (Proof("password"),))
    LoginProgress(client).save(journey.journey_id, cookie, proved)
    assert journeys.find_with_progress(journey.journey_id, cookie) == (journey, proved)
    for wrong in (None, "", cookie + "x", "\ud800"):
        assert journeys.find_with_progress(journey.journey_id, wrong) == (None, Progress())
    # Whoever planted a first factor under another secret has given this browser nothing.
    LoginProgress(client).save(journey.journey_id, "another browser's", proved)
    assert journeys.find_with_progress(journey.journey_id, cookie) == (journey, Progress())


def test_what_was_done_is_written_down_and_read_back(journeys: Journeys) -> None:
    journey, cookie = journeys.start(REQUEST, session=None, now=NOW)
    done: dict[str, Any] = {
        "login": LoginAsked("step_up", ("LoA3",), ("LoA2",), "session-1", NOW),
        "consented": Consented("person-1", "openid", ("name",)),
        "mandate_id": "",
    }
    for name, value in done.items():
        assert journeys.record(journey.journey_id, **{name: value}) is not None
    found = journeys.find(journey.journey_id, cookie)
    assert found is not None
    assert {name: getattr(found, name) for name in done} == done
    assert journeys.record("unknown", refused="access_denied") is None


def test_two_tabs_do_not_undo_each_other(journeys: Journeys) -> None:
    journey, cookie = journeys.start(REQUEST, session=None, now=NOW)
    changes: list[dict[str, Any]] = [{"refused": "x"}, {"account": "y"}, {"mandate_id": "z"}] * 5
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda change: journeys.record(journey.journey_id, **change), changes))
    found = journeys.find(journey.journey_id, cookie)
    assert found is not None
    assert (found.refused, found.account, found.mandate_id) == ("x", "y", "z")


def test_a_journey_that_ran_out_still_owes_an_answer(journeys: Journeys, client: redis.Redis) -> None:
    journey, cookie = journeys.start(REQUEST, session=None, now=NOW)
    assert 0 < client.ttl(f"idp:journey:{journey.journey_id}") <= 1800
    journeys.record(journey.journey_id, account="x")
    assert 0 < client.ttl(f"idp:journey:{journey.journey_id}") <= 1800
    client.delete(f"idp:journey:{journey.journey_id}")
    assert journeys.find(journey.journey_id, cookie) is None
    assert journeys.find_request(journey.journey_id) is None
    assert journeys.find_owed(journey.journey_id) == THERE
    assert client.ttl(f"idp:journey:{journey.journey_id}:owed") > 24 * 3600


def test_of_many_clicks_one_answer_is_kept(journeys: Journeys) -> None:
    journey, cookie = journeys.start(REQUEST, session=None, now=NOW)
    with ThreadPoolExecutor(8) as pool:
        kept = set(
            pool.map(
                lambda n: journeys.keep_answer(journey.journey_id, cookie, f"answer {n}".encode()), range(24)
            )
        )
    assert len(kept) == 1
    assert journeys.find_answer(journey.journey_id, cookie) == kept.pop()
    assert journeys.find_answer(journey.journey_id, "another") is None
    assert journeys.find(journey.journey_id, cookie) is None
    assert journeys.has_arrived(journey.journey_id)


def test_redis_alone_opens_neither_journey_nor_answer(journeys: Journeys, client: redis.Redis) -> None:
    journey, cookie = journeys.start(REQUEST, session=None, now=NOW)
    journeys.keep_answer(journey.journey_id, cookie, b"code=the-secret-code")
    seen = everything_in(client)
    assert cookie not in seen
    assert "the-secret-code" not in seen


def test_a_pushed_request_is_found_until_a_journey_spent_it(client: redis.Redis) -> None:
    pushed = PushedRequests(client)
    request_uri, seconds = pushed.push(REQUEST)
    assert request_uri.startswith(PREFIX)
    assert len(request_uri) == len(PREFIX) + 43
    assert 60 <= seconds <= 90
    # visited twice, as by a reload: still there
    assert pushed.find(request_uri) == pushed.find(request_uri) == REQUEST
    pushed.begin(request_uri, "journey-1")
    assert pushed.find_journey(request_uri) == "journey-1"
    assert pushed.spend(request_uri, "journey-1")
    assert pushed.spend(request_uri, "journey-1"), "the same journey, by a second click"
    assert not pushed.spend(request_uri, "journey-2")
    assert pushed.find(request_uri) is None
    assert pushed.find_owed(request_uri) == THERE
    assert request_uri not in everything_in(client)


def test_of_many_journeys_one_spends_a_pushed_request(client: redis.Redis) -> None:
    pushed = PushedRequests(client)
    request_uri, _ = pushed.push(REQUEST)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: pushed.spend(request_uri, f"journey-{n}"), range(32)))
    assert won.count(True) == 1


GRANTED = Authorization("one-stop", SESSION, "openid", NOW, claims={"userinfo": {"name": None}})


def test_of_many_redemptions_one_gets_what_the_code_stands_for(client: redis.Redis) -> None:
    codes = Codes(client)
    code = codes.issue(GRANTED, NOW)
    assert codes.is_waiting(code)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _n: codes.redeem(code, NOW + 1), range(32)))
    assert found.count(GRANTED) == 1
    assert found.count(Reused(family_of(code))) == 31
    assert not codes.is_waiting(code)
    assert code not in everything_in(client)


def test_a_code_lives_for_a_minute(client: redis.Redis) -> None:
    codes = Codes(client)
    code = codes.issue(GRANTED, NOW)
    assert codes.redeem(code, NOW + LIVE_SECONDS) is None
    assert codes.redeem("unknown", NOW) is None
    assert codes.redeem("\ud800", NOW) is None


def test_without_redis_nothing_is_single_use_so_nothing_goes_on(own_redis: RunningRedis) -> None:
    with connect_redis(own_redis.url) as client:
        journeys, pushed, codes = Journeys(client), PushedRequests(client), Codes(client)
        journey, cookie = journeys.start(REQUEST, session=None, now=NOW)
        request_uri, _ = pushed.push(REQUEST)
        own_redis.stop()
        for act in (
            lambda: journeys.start(REQUEST, session=None, now=NOW),
            lambda: journeys.find(journey.journey_id, cookie),
            lambda: journeys.record(journey.journey_id, account="x"),
            lambda: journeys.keep_answer(journey.journey_id, cookie, b"x"),
            lambda: journeys.find_answer(journey.journey_id, cookie),
            lambda: journeys.find_owed(journey.journey_id),
            lambda: journeys.has_arrived(journey.journey_id),
            lambda: pushed.push(REQUEST),
            lambda: pushed.find(request_uri),
            lambda: pushed.spend(request_uri, "journey-1"),
            lambda: codes.issue(GRANTED, NOW),
            lambda: codes.redeem("x", NOW),
        ):
            with pytest.raises(ReplayStoreUnavailable):
                act()
