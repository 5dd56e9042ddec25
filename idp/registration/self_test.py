"""The self-test of a client's login: begun by an administrator, for one hour, and what it shows."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from idp.error_catalogue import ERRORS, ErrorEntry
from idp.registration.judge_self_test import NOT_YET, SEEN, WRONG, Item, judge
from idp.registration.look_after import LookAfter
from idp.registration.self_test_steps import BACKCHANNEL, LAST_ERROR, UNSEEN
from idp.registration.watch_logins import WatchLogins
from idp.store.clients import Registration
from idp.store.delivery_board import DeliveryBoard
from idp.store.self_tests import SelfTest, SelfTests, Sighting


@dataclass(frozen=True, slots=True)
class LastError:
    """``where``: the endpoint's route. ``entry``: the catalogue's words, None for a code that has none."""

    where: str
    error: str
    at: int
    entry: ErrorEntry | None


@dataclass(frozen=True, slots=True)
class Report:
    """``running`` None: no self-test is under way, and nothing else here says anything."""

    registration: Registration
    running: SelfTest | None
    items: list[Item]
    last_error: LastError | None


@dataclass(frozen=True, slots=True)
class SelfTestClient:
    """Every method raises RegistrationRefused for an unknown client, StoreUnavailable and
    ReplayStoreUnavailable.
    """

    issuer: str
    look_after: LookAfter
    self_tests: SelfTests
    watch: WatchLogins
    board: DeliveryBoard

    def begin(self, client_id: str, by: str, now: int) -> None:
        self.self_tests.begin(self.look_after.find(client_id).client_id, by, now)
        self.watch.look_again()

    def end(self, client_id: str) -> None:
        self.self_tests.end(self.look_after.find(client_id).client_id)
        self.watch.look_again()

    def report(self, client_id: str, now: int) -> Report:
        registration = self.look_after.find(client_id)
        running = self.self_tests.find(client_id, now)
        if running is None:
            return Report(registration, None, [], None)
        sightings = {**running.sightings, **self._delivered(client_id, running.begun_at)}
        return Report(
            registration,
            running,
            judge(registration.metadata, sightings, now),
            _last_error(sightings.get(LAST_ERROR)),
        )

    def login_link(self, registration: Registration) -> str:
        """Third-party initiated login (OpenID Connect Core §4), or "" without an address for it."""
        uri = registration.metadata.initiate_login_uri
        return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'iss': self.issuer})}" if uri else ""

    def _delivered(self, client_id: str, since: int) -> dict[str, Sighting]:
        """Back-channel logout is the worker's: what came of it stands in the record of deliveries."""
        row = next((each for each in self.board.rows(since) if each.client_id == client_id), None)
        if row is None or not (row.delivered or row.last_error):
            return {}
        return {BACKCHANNEL: Sighting(0, not row.last_error, row.last_error)}


def told(report: Report) -> dict[str, Any]:
    """The report as JSON. ``state`` of a step: seen, not_yet or wrong; times are Unix seconds or null."""
    body: dict[str, Any] = {
        "client_id": report.registration.client_id,
        "running": report.running is not None,
    }
    if report.running is None:
        return body
    error = report.last_error
    return body | {
        "begun_at": report.running.begun_at,
        "ends_at": report.running.ends_at,
        "steps": [
            {
                "step": item.step.name,
                "state": item.state,
                "seen_at": item.seen_at or None,
                "note": item.note,
                "vi": item.step.vi,
                "en": item.step.en,
            }
            | ({"do_vi": item.step.do_vi, "do_en": item.step.do_en} if item.state != SEEN else {})
            for item in report.items
        ],
        "not_seen_from_here": [
            {"step": each.name, "vi": each.vi, "en": each.en, "do_vi": each.do_vi, "do_en": each.do_en}
            for each in UNSEEN
        ],
        "last_error": {"where": error.where, "error": error.error, "at": error.at} if error else None,
    }


def count(report: Report) -> dict[str, int]:
    """How many steps are seen, not yet seen, wrong."""
    return {state: sum(item.state == state for item in report.items) for state in (SEEN, NOT_YET, WRONG)}


def _last_error(seen: Sighting | None) -> LastError | None:
    if seen is None:
        return None
    where, _, error = seen.note.rpartition(" ")
    return LastError(where, error, seen.at, ERRORS.get(error))
