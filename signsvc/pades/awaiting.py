"""Wait for a child process to say something: with ``poll``, which knows no highest file descriptor."""

import math
import select
from typing import IO


def speaks_within(stream: IO[bytes], seconds: float) -> bool:
    """Whether there is something to read, or the end, before ``seconds`` are over.

    Not ``select``: a process with a thousand connections open has descriptors that it refuses.
    """
    waiting = select.poll()
    waiting.register(stream, select.POLLIN)
    return bool(waiting.poll(max(0, math.ceil(seconds * 1000))))
