"""POST /v1/timestamp: an RFC 3161 time-stamp over a client's digest."""

import base64
import binascii
from typing import Annotated, Literal

from flask import Response
from pydantic import BaseModel, Field

from signsvc.errors import RequestRefused
from signsvc.services import Services
from signsvc.web.answers import json_answer
from signsvc.web.caller import current_caller
from signsvc.web.endpoints import SIGN, Endpoints
from signsvc.web.idempotent import Idempotent, body_digest
from signsvc.web.wire import Body


class TimestampBody(Body):
    """``hash``: base64; ``nonce``: a positive integer in hex."""

    hash: Annotated[str, Field(min_length=4, max_length=128)]
    hash_algorithm: Literal["sha256", "sha384", "sha512"] = "sha256"
    nonce: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{1,40}$")] | None = None


class TimestampAnswer(BaseModel):
    """``timestamp``: base64 of the DER TimeStampToken."""

    timestamp: str


def timestamp_endpoints(services: Services, idempotent: Idempotent) -> Endpoints:
    """The token was verified by us; the client verifies it again."""
    api = Endpoints("timestamp", "Time-stamps.")

    @api.offer(
        "POST", "/v1/timestamp", authentication=SIGN, quota="timestamps-per-client", takes_json=True,
        summary="Get a time-stamp", responses={200: TimestampAnswer},
    )  # fmt: skip
    def get_timestamp(body: TimestampBody) -> Response:
        try:
            imprint = base64.b64decode(body.hash, validate=True)
        except (ValueError, binascii.Error) as error:
            raise RequestRefused("hash phải là base64.", "hash must be base64.") from error
        if len(imprint) != int(body.hash_algorithm[3:]) // 8:
            raise RequestRefused(
                f"hash không dài như một giá trị {body.hash_algorithm}.",
                f"hash has not the length of a {body.hash_algorithm} digest.",
            )
        nonce = int(body.nonce, 16) if body.nonce else None

        def ask() -> Response:
            token = services.timestamps().timestamp(
                imprint, digest_name=body.hash_algorithm, nonce=nonce, now=services.clock()
            )
            return json_answer({"timestamp": base64.b64encode(token.encoded).decode()})

        return idempotent.once(current_caller().client_id, body_digest(), ask)

    return api
