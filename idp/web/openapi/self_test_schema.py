"""The JSON Schema of a self-test (registration/self_test.py: ``told``)."""

from typing import Any

from idp.registration.judge_self_test import NOT_YET, SEEN, WRONG
from idp.registration.self_test_steps import STEPS, UNSEEN

Json = dict[str, Any]
_TEXT: Json = {"type": "string"}
_MOMENT: Json = {"type": "integer", "description": "Unix seconds."}


def self_test_schema() -> Json:
    words = {"vi": _TEXT, "en": _TEXT}
    mending = {"do_vi": _TEXT, "do_en": _TEXT}
    step = {
        "step": {"type": "string", "enum": [each.name for each in STEPS]},
        "state": {"type": "string", "enum": [SEEN, NOT_YET, WRONG]},
        "seen_at": {"type": ["integer", "null"], "description": "Unix seconds."},
        "note": _TEXT,
        **words,
    }
    unseen = {"step": {"type": "string", "enum": [each.name for each in UNSEEN]}, **words, **mending}
    error = _object({"where": _TEXT, "error": _TEXT, "at": _MOMENT})
    return _object(
        {"client_id": _TEXT, "running": {"type": "boolean"}},
        {
            "begun_at": _MOMENT,
            "ends_at": _MOMENT,
            "steps": {"type": "array", "items": _object(step, mending)},
            "not_seen_from_here": {"type": "array", "items": _object(unseen)},
            "last_error": {"oneOf": [error, {"type": "null"}]},
        },
    )


def _object(required: Json, optional: Json | None = None) -> Json:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }
