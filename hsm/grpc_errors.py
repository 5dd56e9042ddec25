"""The one map from errors to gRPC: what a method raises, as a status, and a line in the log."""

import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import grpc
import structlog

from hsm import errors
from hsm.metrics import ACTS

log = structlog.get_logger("hsm")
T = TypeVar("T")

# The one map from an error to gRPC. What is not listed is INTERNAL, without a word of detail.
_CODES: dict[type[errors.HsmError], grpc.StatusCode] = {
    errors.ActMalformed: grpc.StatusCode.INVALID_ARGUMENT,
    errors.CredentialNotUsable: grpc.StatusCode.FAILED_PRECONDITION,
    errors.ApprovalRefused: grpc.StatusCode.PERMISSION_DENIED,
    errors.PolicyRefused: grpc.StatusCode.PERMISSION_DENIED,
    errors.QuotaSpent: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.GrantRefused: grpc.StatusCode.FAILED_PRECONDITION,
    errors.TokenUnavailable: grpc.StatusCode.UNAVAILABLE,
    errors.PinRejected: grpc.StatusCode.UNAVAILABLE,
    errors.KeyNotFound: grpc.StatusCode.FAILED_PRECONDITION,
    errors.MechanismRefused: grpc.StatusCode.FAILED_PRECONDITION,
    errors.StoreUnavailable: grpc.StatusCode.UNAVAILABLE,
    errors.JournalError: grpc.StatusCode.UNAVAILABLE,
}


def _known_kind(error: errors.HsmError) -> type[errors.HsmError]:
    """The class that the caller knows: the error's own, or the nearest above it in the map."""
    return next((kind for kind in type(error).__mro__ if kind in _CODES), errors.HsmError)


def _frames(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-8:]))


def answers(
    method: Callable[[Any, Any, grpc.ServicerContext], T],
) -> Callable[[Any, Any, grpc.ServicerContext], T]:
    """Turn what a method raises into a gRPC status, once, here."""

    @wraps(method)
    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> T:
        act = method.__name__
        try:
            result = method(self, request, context)
        except errors.HsmError as error:
            kind = _known_kind(error)
            ACTS.labels(act, kind.__name__).inc()
            log.warning(
                "act_refused", act=act, error=type(error).__name__, reason=error.message, detail=error.detail
            )
            context.set_trailing_metadata(
                (
                    ("antin-error", kind.__name__),
                    ("antin-rules", " ".join(getattr(error, "rules", ()))),
                    ("antin-reason", getattr(error, "reason", "")),
                    ("antin-quota", getattr(error, "quota", "")),
                    ("antin-retry-after", str(getattr(error, "retry_after", 0))),
                )
            )
            context.abort(_CODES.get(kind, grpc.StatusCode.INTERNAL), error.message)
            raise
        except Exception as error:  # the last resort: whatever it is, the caller hears one sentence
            ACTS.labels(act, "error").inc()
            # Where, not what: the text of an unexpected error may quote a token or a PIN.
            log.error("act_failed", act=act, error=type(error).__name__, at=_frames(error))  # noqa: TRY400
            context.abort(grpc.StatusCode.INTERNAL, "The key process failed.")
            raise
        ACTS.labels(act, "done").inc()
        return result

    return answer
