"""The quotas and reasons of the policy in force, followed while this process runs.

They are the key process's: what two administrators activated there holds here within half a minute, without
a restart. Until the key process first answers they are those of the folder in the settings, and while it is
away the last known ones stay; either way it is the key process that decides about keys.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from hsm.client import HsmError, KeyProcess
from policies import Bundle
from policies.bundle import parse_bundle
from policies.errors import PolicyError
from policies.quota import Quota

LOOK_EVERY = 30.0  # seconds
log = structlog.get_logger("signsvc")


@dataclass(frozen=True, slots=True)
class _Seen:
    bundle: Bundle
    quotas: Mapping[str, Quota]
    at: float


class PolicyInForce:
    """Thread-safe; looks after the fork, when it is first asked. Its methods never raise.

    ``first``: until the key process answers, and for quotas that the policy in force does not name.
    ``monotonic``: seconds. One caller in half a minute waits for the look; the others go on.
    """

    def __init__(
        self, first: Bundle, key_process: Callable[[], KeyProcess], monotonic: Callable[[], float]
    ) -> None:
        self._first = first.quotas
        self._seen = _Seen(first, first.quotas, float("-inf"))
        self._key_process = key_process
        self._monotonic = monotonic
        self._looking = threading.Lock()

    def bundle(self) -> Bundle:
        """The last known one."""
        return self._now().bundle

    def quotas(self) -> Mapping[str, Quota]:
        """The last known ones: the same object for as long as they are the same."""
        return self._now().quotas

    def _now(self) -> _Seen:
        moment = self._monotonic()
        if moment - self._seen.at >= LOOK_EVERY and self._looking.acquire(blocking=False):
            try:
                self._seen = self._look(self._seen, moment)
            finally:
                self._looking.release()
        return self._seen

    def _look(self, seen: _Seen, moment: float) -> _Seen:
        try:
            digest, files = self._key_process().policy_in_force(seen.bundle.digest)
            if files:
                bundle = parse_bundle(files)
                log.info("policy_followed", bundle=digest)
                return _Seen(bundle, {**self._first, **bundle.quotas}, moment)
        except (HsmError, PolicyError) as error:
            log.warning("policy_not_read", error=type(error).__name__)
        return replace(seen, at=moment)
