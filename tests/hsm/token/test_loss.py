"""A token goes away and comes back: refused in time, never a lie about a key, cured without a restart."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hsm.algorithms import KeyKind, SignatureAlgorithm
from hsm.errors import KeyNotFound, TokenUnavailable
from hsm.token.provision import SOFTHSM
from hsm.token.token import Token, TokenKeyRef
from tests.hsm.token.program import run_program
from tests.hsm.token.signature_check import check_signature
from tests.servers.softhsm import SoftHsmTokenFactory

ES256 = SignatureAlgorithm.ES256
CLIENT = Path("/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so")


def test_a_directory_taken_away_is_unavailable_never_unknown_and_comes_back(tmp_path: Path) -> None:
    environment = {**os.environ, "SOFTHSM2_CONF": str(tmp_path / "softhsm2.conf")}
    lines = run_program("directory_loss", tmp_path, environment=environment)
    answers = {line["step"]: line["answer"] for line in lines}
    assert answers["before: sign"] == "bytes"
    away = {step: answer for step, answer in answers.items() if step.startswith("away")}
    assert len(away) == 18
    for step, answer in away.items():
        assert answer == (False if "healthy" in step else "TokenUnavailable"), (step, lines)
    assert {step: answer for step, answer in answers.items() if step.startswith("back")} == {
        "back: sign": "bytes",
        "back: sign, never found before": "bytes",
        "back: sign, no such key": "KeyNotFound",
        "back: sign wrapped": "bytes",
        "back: find": "bytes",
        "back: find nothing": "NoneType",
        "back: labels": "tuple",
        "back: destroy": "KeyNotFound",
        "back: healthy": True,
    }
    assert answers["stats"] > 0


class RemoteModule:
    """SoftHSM in a process of its own behind ``p11-kit server``: it can be killed, as an HSM can."""

    def __init__(self, socket: Path, environment: dict[str, str]) -> None:
        self.socket = socket
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve the module again on the same socket."""
        self.socket.unlink(missing_ok=True)
        command = ["p11-kit", "server", "-f", "-n", str(self.socket), "--provider", str(SOFTHSM), "pkcs11:"]
        self._process = subprocess.Popen(
            command, env=self._environment, start_new_session=True, stdout=subprocess.DEVNULL
        )
        end = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < end, "p11-kit server does not start"
            time.sleep(0.02)

    def _answers(self) -> bool:
        """A bound socket is there before anybody listens on it, and a refused client sees no token."""
        with socket.socket(socket.AF_UNIX) as tried:
            return tried.connect_ex(str(self.socket)) == 0

    def kill(self) -> None:
        """SIGKILL the server and the children that serve our connection."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@pytest.fixture
def remote(tmp_path: Path, softhsm_token: SoftHsmTokenFactory) -> Iterator[RemoteModule]:
    """A running remote module that p11-kit's client finds."""
    assert CLIENT.exists(), "p11-kit-client.so is missing: apt-get install p11-kit-modules"
    module = RemoteModule(tmp_path / "p11.sock", softhsm_token.environment)
    module.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("P11_KIT_SERVER_ADDRESS", f"unix:path={module.socket}")
        yield module
    module.kill()


def test_a_killed_hsm_process_is_unavailable_and_comes_back(
    remote: RemoteModule, softhsm_token: SoftHsmTokenFactory
) -> None:
    token = Token.open(softhsm_token.fresh(module=CLIENT, retry_after=0.2))
    try:
        token.make_canary()
        spki = token.generate_token_key("k", KeyKind.P256)
        token.sign(TokenKeyRef("k"), ES256, bytes(32))
        remote.kill()
        for act in _acts(token):
            with pytest.raises(TokenUnavailable):
                act()
        assert not token.healthy()
        remote.start()
        time.sleep(0.25)
        check_signature(spki, ES256, bytes(32), token.sign(TokenKeyRef("k"), ES256, bytes(32)))
        assert token.healthy()
        with pytest.raises(KeyNotFound):
            token.sign(TokenKeyRef("nobody's"), ES256, bytes(32))
    finally:
        token.close()


def test_an_hsm_process_killed_and_restarted_between_two_calls_is_not_noticed(
    remote: RemoteModule, softhsm_token: SoftHsmTokenFactory
) -> None:
    token = Token.open(softhsm_token.fresh(module=CLIENT))
    try:
        token.make_canary()
        spki = token.generate_token_key("k", KeyKind.P256)
        token.sign(TokenKeyRef("k"), ES256, bytes(32))
        remote.kill()
        remote.start()
        check_signature(spki, ES256, bytes(32), token.sign(TokenKeyRef("k"), ES256, bytes(32)))
        assert token.stats().reinitialisations == 1
    finally:
        token.close()


def test_an_open_circuit_does_not_ask_the_token(
    remote: RemoteModule, softhsm_token: SoftHsmTokenFactory
) -> None:
    token = Token.open(softhsm_token.fresh(module=CLIENT, retry_after=60))
    try:
        token.make_canary()
        token.generate_token_key("k", KeyKind.P256)
        remote.kill()
        with pytest.raises(TokenUnavailable):
            token.sign(TokenKeyRef("k"), ES256, bytes(32))
        remote.start()
        for _ in range(100):
            with pytest.raises(TokenUnavailable) as refused:
                token.sign(TokenKeyRef("k"), ES256, bytes(32))
            assert "circuit open" in refused.value.detail
        assert token.stats().reinitialisations == 1
    finally:
        token.close()


def test_a_token_without_a_canary_never_says_that_a_key_is_unknown(
    softhsm_token: SoftHsmTokenFactory,
) -> None:
    token = Token.open(softhsm_token.fresh())
    try:
        token.generate_token_key("k", KeyKind.P256)
        for act in _acts(token)[1:]:
            with pytest.raises(TokenUnavailable):
                act()
        token.sign(TokenKeyRef("k"), ES256, bytes(32))  # what it has, it uses
        assert not token.healthy()
    finally:
        token.close()


def test_a_token_that_is_not_there_is_unavailable(softhsm_token: SoftHsmTokenFactory) -> None:
    with pytest.raises(TokenUnavailable):
        Token.open(softhsm_token.fresh(token_label="elsewhere"))
    with pytest.raises(TokenUnavailable) as refused:
        Token.open(softhsm_token.fresh(module=Path("/nowhere/module.so")))
    assert "/nowhere/module.so" in refused.value.detail
    with pytest.raises(TokenUnavailable):
        Token.open(softhsm_token.fresh(module=Path("/usr/lib/x86_64-linux-gnu/libc.so.6")))


def test_a_fork_is_refused_and_does_not_hurt_its_parent(tmp_path: Path) -> None:
    environment = {**os.environ, "SOFTHSM2_CONF": str(tmp_path / "softhsm2.conf")}
    lines = run_program("fork", tmp_path, environment=environment)
    answers = {line["step"]: line["answer"] for line in lines}
    assert answers["parent: sign"] == "done"
    for step in ("child: sign", "child: labels", "child: generate"):
        assert answers[step].startswith("TokenError"), answers
        assert "fork" in answers[step]


def _acts(token: Token) -> list[Callable[[], object]]:
    """Everything that might claim that a key does not exist."""
    return [
        lambda: token.sign(TokenKeyRef("k"), ES256, bytes(32)),
        lambda: token.sign(TokenKeyRef("nobody's"), ES256, bytes(32)),
        lambda: token.find_public_key("nobody's"),
        lambda: token.destroy_token_key("nobody's"),
        lambda: token.generate_wrapped_key("no kek", KeyKind.P256),
        token.labels,
    ]
