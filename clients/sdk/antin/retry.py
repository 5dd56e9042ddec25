"""Ask again when the other side is busy or away: politely, and not for ever."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from antin.errors import NetworkError
from antin.problems import retry_after_of

AGAIN = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Retry:
    """``attempts`` in all. Waits as ``Retry-After`` says, else 0.5 s doubling with jitter.

    A wait longer than ``longest`` seconds is not made: the answer goes to the caller at once.
    """

    attempts: int = 4
    first: float = 0.5
    longest: float = 30.0
    sleep: Callable[[float], None] = time.sleep

    def run(self, ask: Callable[[], httpx.Response], *, safe: bool = True) -> httpx.Response:
        """The first answer that is not "busy", or the last one.

        ``safe``: asking twice does no harm (an idempotent method or an Idempotency-Key). Otherwise
        only one try is made. Raises NetworkError when no answer came.
        """
        attempts = self.attempts if safe else 1
        for attempt in range(1, attempts + 1):
            backoff = self.first * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
            try:
                response = ask()
            except httpx.TransportError as error:
                if attempt == attempts or isinstance(error, httpx.UnsupportedProtocol):
                    raise no_answer(error) from error
                self.sleep(min(backoff, self.longest))
                continue
            said = retry_after_of(response)
            wait = said if said is not None else backoff
            # 409 with Retry-After: an earlier try of this very call is still being worked on.
            busy = response.status_code in AGAIN or (response.status_code == 409 and said is not None)
            if not busy or attempt == attempts or wait > self.longest:
                return response
            response.close()
            self.sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")


def no_answer(error: httpx.HTTPError) -> NetworkError:
    """What a transport failure is called. The address is shown without its query."""
    try:
        where = str(error.request.url.copy_with(query=None))
    except RuntimeError:
        where = ""
    return NetworkError(
        f"Không nhận được trả lời từ {where or 'dịch vụ'}. Kiểm tra địa chỉ, mạng, và dịch vụ có đang chạy.",
        f"No answer from {where or 'the service'}. Check the address, the network, and that it is running.",
        detail=type(error).__name__,
    )
