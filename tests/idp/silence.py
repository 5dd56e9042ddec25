"""Somebody who takes a call and says nothing: what hangs, and who else hangs with it?"""

import socket
from types import TracebackType
from typing import Self


class Silence:
    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(60)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def call(self) -> socket.socket:
        """The next caller, who waits until this is closed."""
        return self._socket.accept()[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._socket.close()
