"""Faults on demand."""

from threading import Lock

FAULTS = frozenset(
    {
        "down", "slow", "no_nonce", "wrong_nonce", "wrong_issuer", "wrong_audience", "expired", "foreign_key",
        "alg_none", "wrong_state", "no_state", "other_iss", "denied", "token_500", "userinfo_500",
        "other_sub", "no_number", "bad_number", "not_json", "old_login", "no_auth_time",
    }
)  # fmt: skip


class Switch:
    """The one fault of the moment, "" for none."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._fault = ""

    @property
    def fault(self) -> str:
        with self._lock:
            return self._fault

    def set(self, fault: str) -> None:
        """Raises ValueError for a fault that is not in the list."""
        if fault and fault not in FAULTS:
            raise ValueError(f"unknown fault; one of {', '.join(sorted(FAULTS))}")
        with self._lock:
            self._fault = fault
