"""Each part goes away and comes back: the answer is clear, nothing is lost, nobody restarts anything."""

import base64
import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers.redis import RunningRedis
from tests.servers.stack import RegisteredClient, Stack

SAMPLES = Path(__file__).parents[1] / "samples"
TRY_LATER = 4
RECOVERS_WITHIN = 30.0


class Office:
    """A stack of this file's own, and one client that signs."""

    def __init__(self, stack: Stack, client: RegisteredClient, redis: RunningRedis, folder: Path) -> None:
        self.stack, self.client, self.redis, self.folder = stack, client, redis, folder
        self._count = 0

    def sign(self, level: str, *options: str) -> tuple[int, dict[str, Any], Path]:
        self._count += 1
        signed = self.folder / f"{self._count}.pdf"
        done = self.stack.antin(
            self.client, "sign", str(SAMPLES / "phu-luc.pdf"), "-o", str(signed), "--level", level,
            "--json", *options,
        )  # fmt: skip
        assert done.returncode in (0, TRY_LATER), done.stdout + done.stderr
        return done.returncode, json.loads(done.stdout or done.stderr), signed

    def signs_again(self, level: str) -> None:
        until = time.monotonic() + RECOVERS_WITHIN
        while self.sign(level)[0] != 0:
            assert time.monotonic() < until, f"no signature within {RECOVERS_WITHIN} s\n{self.stack.logged()}"
            time.sleep(0.5)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, devca_factory: Callable[..., Any]) -> Iterator[Office]:
    redis = RunningRedis()
    redis.start()
    folder = tmp_path_factory.mktemp("office")
    stack = Stack(folder / "stack", devca_factory(), redis.url)
    stack.start()
    yield Office(stack, stack.register("van-phong"), redis, folder)
    stack.stop()
    redis.remove()


def _is_clear(answer: dict[str, Any]) -> bool:
    return bool(answer.get("message")) and bool(answer.get("message_en"))


def test_without_the_tsa_a_time_stamped_level_fails_clearly_and_is_never_lowered(office: Office) -> None:
    office.stack.devca.misbehave(tsa="down")
    try:
        code, answer, signed = office.sign("B-T", "--wait-seconds", "1")
        assert code == TRY_LATER
        assert _is_clear(answer)
        assert not signed.exists()
        assert office.sign("B-B")[0] == 0, "B-B needs no TSA"
    finally:
        office.stack.devca.behave()
    office.signs_again("B-T")


def test_without_ocsp_and_crl_long_term_levels_fail_clearly(office: Office) -> None:
    office.stack.devca.misbehave(ocsp="down", crl="down")
    fresh = office.stack.register("van-phong-moi")  # nothing about its certificate is cached
    mine, office.client = office.client, fresh
    try:
        code, answer, signed = office.sign("B-LT", "--wait-seconds", "1")
        assert code == TRY_LATER
        assert _is_clear(answer)
        assert not signed.exists()
    finally:
        office.stack.devca.behave()
    office.signs_again("B-LT")
    office.client = mine


def test_a_document_that_may_wait_is_finished_by_the_worker_when_the_tsa_is_back(office: Office) -> None:
    stack, client = office.stack, office.client
    before = _intents(office)
    stack.devca.misbehave(tsa="down")
    try:
        code, answer, _ = office.sign("B-T", "--wait", "--wait-seconds", "2")
    finally:
        stack.devca.behave()
    assert code == TRY_LATER, answer
    signature_id = answer["signature_id"]
    bearer = {"Authorization": f"Bearer {stack.antin(client, 'token').stdout.strip()}"}
    until = time.monotonic() + RECOVERS_WITHIN
    while True:
        found = httpx.get(
            f"{stack.base_url}/v1/signatures/{signature_id}", headers=bearer, trust_env=False
        ).json()
        if found["state"] == "completed":
            break
        assert time.monotonic() < until, f"{found}\n{stack.logged()}"
        time.sleep(0.5)
    assert found["level"] == "B-T"
    assert _intents(office) == before + 1, "the document was signed twice"


def test_without_the_token_the_answer_is_clear_and_the_service_returns(office: Office) -> None:
    tokens = office.stack.key_process.directory / "tokens"
    away = tokens.with_name("tokens-away")
    tokens.rename(away)
    try:
        code, answer, _ = office.sign("B-B", "--wait-seconds", "1")
        assert code == TRY_LATER
        assert _is_clear(answer)
        until = time.monotonic() + RECOVERS_WITHIN
        while _ready(office.stack.base_url):
            assert time.monotonic() < until, "readiness does not notice the token"
            time.sleep(0.2)
    finally:
        away.rename(tokens)
    office.signs_again("B-B")


def test_without_the_key_process_the_answer_is_clear_and_the_service_returns(office: Office) -> None:
    office.stack.key_process.kill()
    try:
        code, answer, _ = office.sign("B-B", "--wait-seconds", "1")
        assert code == TRY_LATER
        assert _is_clear(answer)
        assert httpx.get(f"{office.stack.issuer}/jwks", trust_env=False).status_code == httpx.codes.OK
    finally:
        office.stack.key_process.start()
    office.signs_again("B-B")


def test_without_redis_signing_fails_closed_and_reading_goes_on(office: Office) -> None:
    bearer = {"Authorization": f"Bearer {office.stack.antin(office.client, 'token').stdout.strip()}"}
    office.redis.stop()
    try:
        code, answer, _ = office.sign("B-B", "--wait-seconds", "1")
        assert code == TRY_LATER
        assert _is_clear(answer)
        for url in (
            f"{office.stack.issuer}/jwks",
            f"{office.stack.issuer}/.well-known/openid-configuration",
            f"{office.stack.base_url}/v1/credentials",
            f"{office.stack.base_url}/openapi.json",
        ):
            assert httpx.get(url, headers=bearer, trust_env=False).status_code == httpx.codes.OK, url
    finally:
        office.redis.start()
    office.signs_again("B-B")


def test_a_killed_web_process_loses_no_document(office: Office) -> None:
    office.stack.stop_service("signsvc", signal.SIGKILL)
    office.stack.start_service("signsvc")
    office.stack.wait_ready()
    office.signs_again("B-T")


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=10, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _intents(office: Office) -> int:
    export = office.folder / f"export-{time.monotonic_ns()}.ndjson"
    done = office.stack.antin(office.client, "journal", "export", "-o", str(export), "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in export.read_text().splitlines()]
    entries = [json.loads(base64.b64decode(line["entry"])) for line in lines]
    return sum(entry["type"] == "intent" and entry.get("kind") == "prepared" for entry in entries)
