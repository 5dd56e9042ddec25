"""Any history of codes, refreshes, give-backs, logouts and waiting: what must hold after every step.

Rules, on PostgreSQL and Redis: a code gives tokens once; what came of a code that came twice is dead; a
family whose token was replaced too long ago is dead; what ended stays ended; nothing outlives its session
without offline_access; a repeated refresh within the grace time gives the same successor.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from idp.logout.end_session import LOGOUT
from tests.idp.grants.token_client import TokenClient, new_session
from tests.idp.provider import Provider
from tests.idp.relying_party import services_of
from tests.idp.software_keys import SoftwareKeys


@dataclass
class Family:
    """The model: ``tokens`` oldest first, and what must be true of them."""

    code: str
    session_id: str
    offline: bool
    tokens: list[str]
    access: str
    accessed_at: int
    rotated_at: int
    dead: bool = False
    access_dead: bool = field(default=False)


@dataclass
class Waiting:
    code: str
    session_id: str
    offline: bool
    issued_at: int


class Lifecycle(RuleBasedStateMachine):
    provider: Provider

    def __init__(self) -> None:
        super().__init__()
        self.client = TokenClient(self.provider)
        self.waiting: list[Waiting] = []
        self.families: list[Family] = []
        self.over: set[str] = set()

    @property
    def now(self) -> int:
        return int(self.provider.clock().timestamp())

    @rule(offline=st.booleans())
    def log_in_and_get_a_code(self, offline: bool) -> None:
        self.client.session = new_session(self.provider, self.client.person)
        scope = "openid offline_access" if offline else "openid"
        code = self.client.code(scope=scope)
        self.waiting.append(Waiting(code, self.client.session.session_id, offline, self.now))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def redeem(self, data: Any) -> None:
        found = self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))
        answer = self.client.redeem(found.code)
        late = self.now >= found.issued_at + 60 or found.session_id in self.over
        assert answer.status_code == (400 if late else 200), answer.text
        if not late:
            body = answer.json
            self.families.append(
                Family(
                    found.code, found.session_id, found.offline,
                    [body["refresh_token"]], body["access_token"], self.now, self.now,
                )
            )  # fmt: skip

    @precondition(lambda self: self.families)
    @rule(data=st.data())
    def redeem_again(self, data: Any) -> None:
        family = data.draw(st.sampled_from(self.families))
        assert self.client.redeem(family.code).status_code == 400
        family.dead = family.access_dead = True

    @precondition(lambda self: self.families)
    @rule(data=st.data())
    def refresh(self, data: Any) -> None:
        family = data.draw(st.sampled_from(self.families))
        behind = data.draw(st.integers(0, min(2, len(family.tokens) - 1)))
        token = family.tokens[-1 - behind]
        answer = self.client.refresh(token)
        if family.dead or (family.session_id in self.over and not family.offline):
            assert answer.status_code == 400
            return
        if behind > 1 or (behind == 1 and self.now - family.rotated_at > 30):
            assert answer.status_code == 400
            family.dead = True
            return
        assert answer.status_code == 200, answer.text
        if behind:
            assert answer.json["refresh_token"] == family.tokens[-1]
        else:
            family.tokens.append(answer.json["refresh_token"])
            family.rotated_at = self.now
        if not family.access_dead:
            family.access, family.accessed_at = answer.json["access_token"], self.now

    @precondition(lambda self: self.families)
    @rule(data=st.data())
    def give_back(self, data: Any) -> None:
        family = data.draw(st.sampled_from(self.families))
        form = self.client.system.form(token=data.draw(st.sampled_from(family.tokens)))
        assert self.provider.client.post("/revoke", data=form).status_code == 200
        family.dead = family.access_dead = True

    @precondition(lambda self: self.families)
    @rule(data=st.data())
    def log_out(self, data: Any) -> None:
        session_id = data.draw(st.sampled_from([family.session_id for family in self.families]))
        services_of(self.provider).end_session(session_id, reason=LOGOUT, now=self.now)
        self.over.add(session_id)

    @rule(seconds=st.sampled_from([1, 20, 31, 59, 61]))
    def wait(self, seconds: int) -> None:
        self.provider.clock.pass_(seconds=seconds)

    @invariant()
    def what_ended_opens_nothing(self) -> None:
        for family in self.families[-2:]:
            if family.access_dead:
                assert self.client.userinfo(family.access).status_code == 401


@contextmanager
def _provider(folder: Path, redis_url: str, target: str, database_url: str) -> Iterator[Provider]:
    provider = Provider(folder, redis_url=redis_url, key_process=target, database_url=database_url)
    try:
        yield provider
    finally:
        provider.database.close()
        services_of(provider).database.close()


def test_tokens_live_and_die_by_the_rules(
    tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys, postgres_url: Callable[[], str]
) -> None:
    with _provider(tmp_path, redis_url, shared_keys.target, postgres_url()) as provider:
        machine = type("ThisLifecycle", (Lifecycle,), {"provider": provider})
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            machine,
            settings=settings(
                max_examples=12, stateful_step_count=14, deadline=None,
                suppress_health_check=list(HealthCheck), database=None,
            ),
        )  # fmt: skip


@pytest.mark.parametrize("offline", [True, False])
def test_on_postgresql_many_at_once_are_one(
    tmp_path: Path, redis_url: str, shared_keys: SoftwareKeys, postgres_url: Callable[[], str], offline: bool
) -> None:
    """Codes and refreshes under many hands: one redemption, one successor."""
    scope = "openid offline_access" if offline else "openid"
    with _provider(tmp_path, redis_url, shared_keys.target, postgres_url()) as provider:
        client = TokenClient(provider)
        code = client.code(scope=scope)
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: client.redeem(code), range(6)))
        assert sum(answer.status_code == 200 for answer in answers) <= 1
        token = client.tokens(scope=scope)["refresh_token"]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: client.refresh(token), range(6)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json["refresh_token"] for answer in answers}) == 1
