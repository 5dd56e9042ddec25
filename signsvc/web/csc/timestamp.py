"""signatures/timestamp."""

import base64
import re

from flask import Response

from signsvc.services import Services
from signsvc.usecases.csc_refusal import CscRefused, invalid, missing
from signsvc.web.answers import json_answer
from signsvc.web.csc.algorithms import HASH_NAMES
from signsvc.web.csc.endpoints import CscEndpoints
from signsvc.web.csc.parameters import given, read_hash

_NONCE = re.compile(r"[0-9a-fA-F]{1,40}")


def timestamp_methods(services: Services) -> CscEndpoints:
    """RFC 3161 time-stamps, verified before they are handed on."""
    api = CscEndpoints("timestamp")

    @api.method("signatures/timestamp", quota="timestamps-per-client")
    def signatures_timestamp(_version: str) -> Response:
        """A token over the client's hash and nonce."""
        asked = given()
        value = asked.find("hash")
        if not isinstance(value, str):
            raise missing("string", "hash")
        if not value:
            raise CscRefused("Empty hash parameter")
        name = HASH_NAMES.get(asked.text("hashAlgo"))
        if name is None:
            raise invalid("hashAlgo")
        imprint = read_hash(value, size=int(name[3:]) // 8)
        nonce = asked.find("nonce")
        if nonce is not None and not (isinstance(nonce, str) and _NONCE.fullmatch(nonce)):
            raise invalid("nonce")
        token = services.timestamps().timestamp(
            imprint, digest_name=name, nonce=int(nonce, 16) if nonce else None, now=services.clock()
        )
        return json_answer({"timestamp": base64.b64encode(token.encoded).decode()})

    return api
