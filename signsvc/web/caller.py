"""Who calls, as the guard established it."""

from dataclasses import dataclass

from flask import g

from signsvc.errors import LoginRefused


@dataclass(frozen=True, slots=True)
class Caller:
    """``token`` is the access token itself: passed on as an approval at most, never stored or logged.

    ``subject``: who it was issued for (RFC 9068 §2.2): the client itself, or a person. ``approval``: the
    handle of what that person approved on our page, when the token is one of scope ``credential``.
    """

    client_id: str
    token_id: str
    token: str
    subject: str
    approval: str = ""

    def __repr__(self) -> str:
        return f"Caller({self.client_id!r})"


def current_caller() -> Caller:
    """The caller of an endpoint that asks for a token. Raises LoginRefused when there is none."""
    caller = g.get("caller")
    if not isinstance(caller, Caller):
        raise LoginRefused("Chưa xác thực.", "Not authenticated.", reason="")
    return caller
