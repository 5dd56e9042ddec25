"""What administrators activate in the key process holds in the web too: its quotas, its rules' reasons."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hsm.client import KeyProcess
from policies import Bundle
from policies.buckets import open_buckets
from policies.bundle import bundle_digest
from signsvc.errors import QuotaExceeded
from signsvc.limits import Limits
from signsvc.policy_in_force import LOOK_EVERY, PolicyInForce
from signsvc.web.policy_problems import policy_problem, read_reasons
from tests.hsm.acts.governed_process import Province
from tests.hsm.acts.life import started

OWN = Bundle.load()


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory, devca: Any) -> Iterator[Province]:
    running = started(tmp_path_factory.mktemp("followed"), devca)
    yield Province(running, tmp_path_factory.mktemp("policies"))
    running.stop()


class Web:
    """One web process's view, with a clock of the test's own."""

    def __init__(self, target: str) -> None:
        self.now, self.asked = 0.0, 0
        self.key_process = KeyProcess(target, deadline=2)
        self.policy = PolicyInForce(OWN, self._open, lambda: self.now)
        buckets = open_buckets(OWN.quotas, "memory://")
        self.limits = Limits(self.policy.quotas, lambda: buckets)

    def _open(self) -> KeyProcess:
        self.asked += 1
        return self.key_process

    def times(self, quota: str) -> int:
        return self.policy.quotas()[quota].times


@pytest.fixture
def web(province: Province) -> Iterator[Web]:
    made = Web(province.running.signsvc)
    yield made
    made.key_process.close()


def activate(province: Province, directory: Path) -> None:
    act = province.folder / f"{directory.name}.json"
    province.policy("draft", directory, "--note", "Đổi hạn mức", "-o", act)
    province.policy("activate", act, *province.approve(act))


def test_an_activated_policys_quotas_and_reasons_hold_within_a_minute(province: Province, web: Web) -> None:
    assert web.times("reads-per-client") == OWN.quotas["reads-per-client"].times
    directory = province.draft("web-follows", "cong-dien")
    quotas = directory / "quotas.toml"
    start = quotas.read_text("utf-8").index("[reads-per-client]")
    text = quotas.read_text("utf-8")
    lowered = text[start:].replace(OWN.quotas["reads-per-client"].limit, "1/h", 1)
    quotas.write_text(text[:start] + lowered, "utf-8")
    activate(province, directory)
    # Not at each request: the last known one holds for half a minute.
    assert (web.times("reads-per-client"), web.asked) == (OWN.quotas["reads-per-client"].times, 1)
    web.now += LOOK_EVERY
    assert LOOK_EVERY < 60
    web.limits.spend("reads-per-client", "one-stop")
    with pytest.raises(QuotaExceeded):
        web.limits.spend("reads-per-client", "one-stop")
    told = policy_problem(("never-web-follows",), read_reasons(web.policy.bundle()))
    assert told.detail[0] == "Loại văn bản này không được ký."
    # The key process goes away, and what was known last stays.
    province.running.stop()
    web.now += LOOK_EVERY
    assert web.times("reads-per-client") == 1
    province.running.start()


def test_the_settings_policy_holds_until_the_key_process_answers(tmp_path: Path) -> None:
    web = Web(f"unix:{tmp_path}/nobody.sock")
    assert web.policy.bundle() is OWN
    assert web.limits.available()
    assert web.asked == 1, "and it is not asked again at every request"
    web.now += LOOK_EVERY
    web.policy.quotas()
    assert web.asked == 2
    web.key_process.close()


def test_a_quota_that_the_policy_forgot_is_the_settings_own(province: Province, web: Web) -> None:
    directory = province.draft("forgets-a-quota", "thu-moi")
    quotas = directory / "quotas.toml"
    text = quotas.read_text("utf-8")
    start = text.index("[reads-per-client]")
    end = text.find("\n[", start)
    quotas.write_text(text[:start] + (text[end:] if end >= 0 else ""), "utf-8")
    activate(province, directory)
    assert "reads-per-client" not in web.policy.bundle().quotas
    assert web.times("reads-per-client") == OWN.quotas["reads-per-client"].times


def test_signsvcs_socket_tells_the_policy_in_force_and_lays_down_none(province: Province) -> None:
    client = KeyProcess(province.running.signsvc)
    digest, files = client.policy_in_force()
    assert digest == province.policy("list")[0]["digest"] == bundle_digest(files)
    assert client.policy_in_force(digest) == (digest, {})
    client.close()
