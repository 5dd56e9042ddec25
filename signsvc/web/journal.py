"""/v1/journal: the public part of the key process's journal, for everybody to check."""

import base64
from collections.abc import Iterator
from itertools import chain, islice
from typing import Annotated

import orjson
from flask import Response
from pydantic import Field

from hsm.client import ActMalformed
from signsvc.errors import NotFound
from signsvc.services import Services
from signsvc.web.answers import json_answer
from signsvc.web.endpoints import NO_AUTHENTICATION, Endpoints
from signsvc.web.wire import Parameters, ReceiptMember

MAX_ENTRIES = 1000
Index = Annotated[int, Field(ge=0, lt=2**63)]


class EntriesQuery(Parameters):
    start: Index = 0
    limit: Annotated[int, Field(ge=1, le=MAX_ENTRIES)] = MAX_ENTRIES


class ReceiptPath(Parameters):
    leaf_index: Index


def journal_endpoints(services: Services) -> Endpoints:
    """Entries hold digests and names of credentials and clients, no content and no title."""
    api = Endpoints("journal", "The journal: checkpoint, entries, receipts.")

    @api.offer(
        "GET", "/v1/journal/checkpoint", authentication=NO_AUTHENTICATION, quota="journal-per-address",
        summary="The journal's head, signed now (C2SP checkpoint)",
        responses={200: {"description": "A signed note", "content": {"text/plain": {"schema": {}}}}},
    )  # fmt: skip
    def show_checkpoint() -> Response:
        checkpoint = services.key_process().checkpoint()
        answer = Response(checkpoint.text, content_type="text/plain; charset=utf-8")
        answer.headers["Antin-Verifier-Key"] = checkpoint.verifier_key
        return answer

    @api.offer(
        "GET", "/v1/journal/entries", authentication=NO_AUTHENTICATION, quota="journal-per-address",
        summary="Entries from start, one JSON object a line",
        responses={200: {"description": "NDJSON", "content": {"application/x-ndjson": {"schema": {}}}}},
    )  # fmt: skip
    def list_entries(query: EntriesQuery) -> Response:
        entries = services.key_process().export(query.start, query.limit)
        # The first one is fetched now: a key process that is away must be a 503, not an empty list.
        first = list(islice(entries, 1))
        return Response(_lines(chain(first, entries)), content_type="application/x-ndjson")

    @api.offer(
        "GET", "/v1/journal/receipts/<leaf_index>", authentication=NO_AUTHENTICATION,
        quota="journal-per-address", summary="An entry with its proof", responses={200: ReceiptMember},
    )  # fmt: skip
    def show_receipt(path: ReceiptPath) -> Response:
        try:
            receipt = services.key_process().receipt(path.leaf_index)
        except ActMalformed as error:
            raise NotFound("Nhật ký không có mục này.", "The journal has no such entry.") from error
        return json_answer({"entry": base64.b64encode(receipt.entry).decode(), "proof": receipt.proof})

    return api


def _lines(entries: Iterator[tuple[int, bytes]]) -> Iterator[bytes]:
    for index, entry in entries:
        yield orjson.dumps({"index": index, "entry": base64.b64encode(entry).decode()}) + b"\n"
