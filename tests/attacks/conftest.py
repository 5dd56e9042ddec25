"""One key process for all attacks. Each of them leaves it as it was, or ruins only what it made itself."""

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.attacks.scene import Scene
from tests.servers.key_process import RunningKeyProcess


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory, devca: Any) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("attacks")
    anchors = directory / "anchors.pem"
    anchors.write_text(httpx.get(f"{devca.base_url}/root.pem").text)
    process = RunningKeyProcess(directory / "kp", anchors=anchors)
    process.start()
    built = Scene(process, devca)
    yield built
    built.close()
    process.stop()


_numbers = itertools.count(1)


@pytest.fixture
def name() -> str:
    """An id that no other attack uses."""
    return f"nan-nhan-{next(_numbers)}"
