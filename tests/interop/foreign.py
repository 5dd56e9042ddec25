"""A foreign relying party under way: a program of npm/, spoken to in JSON lines."""

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.interop.npm_packages import script


class ForeignParty:
    """``name``: the script. ``authority``: PEM that it trusts besides the public ones."""

    def __init__(self, name: str, authority: Path, settings: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            script(name),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(authority), "NODE_NO_WARNINGS": "1"},
        )  # fmt: skip
        self._say(settings)

    def __enter__(self) -> "ForeignParty":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def hear(self) -> dict[str, Any]:
        """Its next line. Fails with what it complained about when it ended instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise AssertionError(f"the foreign relying party gave up:\n{self._process.stderr.read()[-3000:]}")
        heard: dict[str, Any] = json.loads(line)
        return heard

    def return_to(self, callback: str) -> dict[str, Any]:
        """Hand it the address that the browser came back to; what it made of it."""
        self._say({"callback": callback})
        return self.hear()

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
