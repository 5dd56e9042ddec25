"""GET /v1/credentials: the credentials a client may use."""

import base64

from flask import Response
from pydantic import BaseModel

from signsvc.services import Services
from signsvc.web.answers import json_answer
from signsvc.web.caller import current_caller
from signsvc.web.endpoints import SIGN, Endpoints


class CredentialMember(BaseModel):
    """``certificates``: base64 DER, the signer's first; validity in Unix seconds."""

    credential_id: str
    purpose: str
    state: str
    algorithm: str
    description: str
    certificates: list[str]
    not_before: int
    not_after: int
    training: bool


class CredentialsAnswer(BaseModel):
    credentials: list[CredentialMember]


def credential_endpoints(services: Services) -> Endpoints:
    """Each client sees its own."""
    api = Endpoints("credentials", "Credentials and their certificates.")

    @api.offer(
        "GET", "/v1/credentials", authentication=SIGN, quota="reads-per-client",
        summary="List the credentials one may use", responses={200: CredentialsAnswer},
    )  # fmt: skip
    def list_credentials() -> Response:
        held = services.key_process().credentials(current_caller().client_id)
        return json_answer(
            CredentialsAnswer(
                credentials=[
                    CredentialMember(
                        credential_id=one.credential_id,
                        purpose=one.purpose,
                        state=one.state,
                        algorithm=str(one.algorithm),
                        description=one.description,
                        certificates=[base64.b64encode(der).decode() for der in one.certificates],
                        not_before=one.not_before,
                        not_after=one.not_after,
                        training=one.training,
                    )
                    for one in held
                ]
            )
        )

    return api
