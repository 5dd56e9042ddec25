"""The real parts that measures share, each started when it is first asked for and stopped at the end."""

import re
import shutil
import tempfile
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from policies.bundle import QUOTAS, read_texts
from tests.bench.raw_token import RawToken
from tests.servers.devca import Devca, start_devca
from tests.servers.key_process import ROOT, RunningKeyProcess, activate
from tests.servers.redis import RunningRedis
from tests.servers.stack import RegisteredClient, Stack

SAMPLES = ROOT / "tests" / "samples"
PROFILES = {"P-256": "service-seal", "RSA-3072": "service-seal-rsa"}


class Province:
    """``quick``: fewer rounds and smaller sizes. ``web_workers``: Granian workers of signsvc."""

    def __init__(self, *, quick: bool, web_workers: int = 1) -> None:
        self.quick = quick
        self.rounds = 3 if quick else 5
        self._web_workers = web_workers
        self._closing = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="antin-bench-"))
        self._closing.callback(shutil.rmtree, self.folder, ignore_errors=True)

    def close(self) -> None:
        """Stop everything and delete the folder."""
        self._closing.close()

    def keep(self, thing: object) -> None:
        """``thing.close()`` at the end, before what was started earlier."""
        self._closing.callback(thing.close)  # type: ignore[attr-defined]

    @cached_property
    def devca(self) -> Devca:
        started = start_devca(self.folder)
        self._closing.callback(started.close)
        return started

    @cached_property
    def stack(self) -> Stack:
        """Every service as its own process, with quotas that do not end a measurement."""
        redis = RunningRedis()
        redis.start()
        self._closing.callback(redis.remove)
        self.redis_pid = redis._process.pid if redis._process else 0
        started = Stack(
            self.folder / "stack", self.devca, redis.url,
            # The key process's own, which the web follows.
            policy=f'[policy]\ndirectory = "{self._policies()}"\n', SIGNSVC_WORKERS=str(self._web_workers),
        )  # fmt: skip
        self._closing.callback(started.stop)
        started.start()
        return started

    @cached_property
    def client(self) -> RegisteredClient:
        """A client system with a service seal (P-256) that also takes access tokens."""
        return self.stack.register("bench")

    @cached_property
    def credentials(self) -> dict[str, str]:
        """The client's automatic seals by kind of key."""
        return {kind: self.enrol(self.stack.key_process, profile) for kind, profile in PROFILES.items()}

    def enrol(self, key_process: RunningKeyProcess, profile: str, holder: str = "bench") -> str:
        """A certified credential."""
        created = key_process.create_credential(profile, holder)
        return activate(key_process, created, self.devca, profile.removesuffix("-rsa"))

    def own_key_process(self, name: str, **settings: str) -> RunningKeyProcess:
        """Another key process with a token and store of its own, not started."""
        anchors = self.folder / f"{name}-anchors.pem"
        anchors.write_text(self.devca.root_pem)
        made = RunningKeyProcess(self.folder / name, anchors=anchors, **settings)  # type: ignore[arg-type]
        self._closing.callback(made.stop)
        return made

    @cached_property
    def raw_token(self) -> RawToken:
        """A SoftHSM token outside of our services, with a key and a certificate of each kind."""
        return RawToken.make(self.folder / "raw", self.devca)

    def _policies(self) -> Path:
        folder = self.folder / "policies"
        for name, text in read_texts(ROOT / "policies").items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            raised = re.sub(r'limit = "\d+/m"', 'limit = "9999999/m"', text) if name == QUOTAS else text
            (folder / name).write_text(raised)
        return folder
