"""Answers: JSON, a PDF from the documents' folder, text."""

import os
import re
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from flask import Response
from pydantic import BaseModel

from signsvc.errors import NotFound, StoreUnavailable

CHUNK = 256 * 1024
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._()-]")
MAX_NAME = 150


def json_answer(
    members: BaseModel | dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A JSON object; members that are None are left out of models."""
    plain = members.model_dump(exclude_none=True) if isinstance(members, BaseModel) else members
    return Response(orjson.dumps(plain), status, headers, content_type="application/json")


def pdf_answer(path: Path, name: str, headers: dict[str, str] | None = None) -> Response:
    """The file in chunks, as a download. Raises NotFound when it is gone."""
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(
            "Tệp không còn được giữ.", "The file is not kept any more.", detail=path.name
        ) from error
    except OSError as error:
        raise StoreUnavailable(detail=str(error)) from error
    answer = Response(iter(partial(file.read, CHUNK), b""), content_type="application/pdf")
    answer.call_on_close(file.close)
    answer.content_length = os.fstat(file.fileno()).st_size
    answer.headers["Content-Disposition"] = content_disposition(name)
    answer.headers.update(headers or {})
    return answer


def content_disposition(name: str) -> str:
    """RFC 6266: an ASCII name that no browser or shell trips over, and the whole one in UTF-8."""
    clean = clean_name(name)
    fallback = _UNSAFE.sub("_", clean)
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(clean, safe='')}"


def clean_name(name: str) -> str:
    """A file name for people: no path, no control characters, no leading dots, never empty."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(letter for letter in last if letter.isprintable()).strip().lstrip(".")
    if len(clean) > MAX_NAME:
        stem, dot, suffix = clean.rpartition(".")
        clean = f"{stem[: MAX_NAME - 10]}.{suffix[:8]}" if dot and stem else clean[:MAX_NAME]
    return clean or "document.pdf"
