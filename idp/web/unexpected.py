"""Write down an error that nobody expected."""

import traceback

from flask import g

from idp.web.metrics import Metrics


def note_unexpected(error: Exception, metrics: Metrics) -> None:
    """For the log: where, not what. The text of an unexpected error may quote a token or a parameter."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    g.error, g.error_detail = "server_error", f"{type(error).__name__} at {where}"
    metrics.errors.labels("server_error").inc()
