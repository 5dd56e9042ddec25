"""JSON that means one thing: what two parsers could read differently is refused (RFC 8725 §2.4)."""

import json
from typing import Any, NoReturn


def parse_strict(text: bytes | str) -> Any:
    """Parse JSON in which no object repeats a member and every number is finite.

    Raises ValueError, whose text quotes nothing of the input.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("JSON is nested too deeply") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError("not JSON") from error


def parse_strict_object(text: bytes | str) -> dict[str, Any]:
    """The same, and it must be an object."""
    parsed = parse_strict(text)
    if not isinstance(parsed, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 -- the one error this module has
    return parsed


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a JSON member is repeated")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("JSON numbers must be finite")
