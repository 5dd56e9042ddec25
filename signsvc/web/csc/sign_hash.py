"""signatures/signHash."""

import base64

from flask import Response

from hsm.client import Item
from signsvc.services import Services
from signsvc.usecases.csc_refusal import missing
from signsvc.web.answers import json_answer
from signsvc.web.csc.algorithms import check_algorithms
from signsvc.web.csc.bearers import current_bearer
from signsvc.web.csc.endpoints import SERVICE_OR_CREDENTIAL, CscEndpoints
from signsvc.web.csc.operation_mode import read_mode
from signsvc.web.csc.parameters import given, read_hashes
from signsvc.web.csc.sad import Sads


def sign_hash_methods(services: Services, sads: Sads) -> CscEndpoints:
    """Signatures on DTBS/R, as they are."""
    api = CscEndpoints("sign_hash")

    # Counted by signatures, not by calls: the method itself spends nothing.
    @api.method("signatures/signHash", quota="", authentication=SERVICE_OR_CREDENTIAL)
    def signatures_sign_hash(version: str) -> Response:
        """Signatures in the order of the hashes; ECDSA as DER."""
        asked = given()
        bearer = current_bearer()
        credential_id = asked.text("credentialID")
        sad = sads.get(asked)
        listed = asked.find("hash", "hashes") if version == "v1" else asked.find("hashes", "hash")
        if listed is None:
            raise missing("array", "hash")
        hashes = read_hashes(listed, "hash")
        asked.text("signAlgo")
        mode = read_mode(asked, services.settings.retention)
        asked.client_data()
        known = services.csc_credentials.get_usable(bearer, credential_id, version, services.clock())
        salt_length = check_algorithms(asked, known.facts.algorithm, version)
        services.limits.spend("sign-per-client", bearer.client_id, cost=len(hashes))
        items = [Item(digest=one) for one in hashes]
        made = services.csc_sign(bearer.client_id, credential_id, sad, items, salt_length=salt_length)
        services.metrics.signatures.labels("hash", "completed").inc(len(made))
        answer = {"signatures": [base64.b64encode(one.value).decode() for one in made]}
        if not mode.later:
            return json_answer(answer)
        response_id = services.csc_responses.keep_answer(
            bearer.client_id, answer, now=services.clock(), seconds=mode.seconds
        )
        return json_answer({"responseID": response_id})

    return api
