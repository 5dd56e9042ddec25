"""How JSON bodies are read: strictly, and however deep they are nested without an error of our own."""

from typing import Any

import orjson
from flask.json.provider import DefaultJSONProvider


class JsonBodies(DefaultJSONProvider):
    """Python's own reader takes NaN, and falls over its recursion limit on a few kilobytes of "["."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Raises ValueError for what is not RFC 8259 JSON, or nested too deep."""
        return orjson.loads(s)
