"""Places for callers without login: how many of their requests may be at work at once.

A thread that waits for a slow body, or for a slow reader, does nothing else. Without this a handful of
nameless connections would hold every thread, and nobody could sign.
"""

from threading import BoundedSemaphore

from flask import Flask, Response, g

from signsvc.errors import Crowded


class Places:
    """Half of the process's threads, one at least; the others are for callers who are known."""

    def __init__(self, threads: int) -> None:
        self._free = BoundedSemaphore(max(1, threads // 2))

    def take(self) -> None:
        """For this request, until its answer was sent or given up. Raises Crowded; never waits."""
        if not self._free.acquire(blocking=False):
            raise Crowded
        g.place = self._free


def register_places(app: Flask) -> None:
    """Give a request's place back when its answer is closed: a stream is at work until then."""

    @app.after_request
    def give_back(answer: Response) -> Response:
        place: BoundedSemaphore | None = g.pop("place", None)
        if place is not None:
            answer.call_on_close(place.release)
        return answer
