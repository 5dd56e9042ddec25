"""Who is at the desk, as the session says, and their tokens."""

from dataclasses import asdict, dataclass
from typing import Any

from flask import session

from desk.errors import LoginNeeded
from desk.provider.authorize import Authorize, Tokens
from desk.signing.service import Bearer


@dataclass(frozen=True, slots=True)
class Person:
    """``subject``: the id by which the key process knows them too."""

    subject: str
    name: str
    acr: str


def find_person() -> Person | None:
    """None when nobody is logged in."""
    known = session.get("person")
    return Person(**known) if known else None


def current_person() -> Person:
    """Raises LoginNeeded."""
    person = find_person()
    if person is None:
        raise LoginNeeded
    return person


def keep_tokens(tokens: Tokens) -> None:
    session["tokens"] = asdict(tokens)


def dpop_key() -> dict[str, Any]:
    """The private key of this session. Raises LoginNeeded."""
    if "dpop_key" not in session:
        raise LoginNeeded
    key: dict[str, Any] = session["dpop_key"]
    return key


def id_token() -> str:
    return str(session.get("tokens", {}).get("id_token", ""))


def bearer(authorize: Authorize) -> Bearer:
    """To call the signing service as this person. Raises as ``access_token`` does."""
    return Bearer(access_token(authorize), dpop_key())


def access_token(authorize: Authorize) -> str:
    """The person's, good for a while yet. Raises LoginNeeded, ProviderUnavailable."""
    if "tokens" not in session:
        raise LoginNeeded
    held = Tokens(**session["tokens"])
    fresh = authorize.refresh(held, dpop_key())
    if fresh is not held:
        keep_tokens(fresh)
    return fresh.access_token
