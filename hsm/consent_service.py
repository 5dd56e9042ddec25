"""The gRPC services of consents: administrators' tools ask and collect, the page shows and hands in."""

from typing import Any

import grpc

from hsm.acts.consents import Consents
from hsm.acts.passkey import WebAuthn
from hsm.api import hsm_pb2, hsm_pb2_grpc
from hsm.grpc_errors import answers
from hsm.journal.clock import JournalClock


class AskConsentService(hsm_pb2_grpc.AskConsentsServicer):
    """For the administrators' listener alone."""

    def __init__(self, consents: Consents, webauthn: WebAuthn, clock: JournalClock) -> None:
        self._consents = consents
        self._webauthn = webauthn
        self._clock = clock

    @answers
    def Ask(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.AskedConsent:  # noqa: N802
        handle, expires_at = self._consents.ask(request.act, request.seconds, now=self._clock.now())
        return hsm_pb2.AskedConsent(handle=handle, expires_at=expires_at, origins=self._webauthn.origins)

    @answers
    def Collect(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.Consent:  # noqa: N802
        found = self._consents.find(request.handle, now=self._clock.now())
        return hsm_pb2.Consent(evidence=found.evidence)


class GiveConsentService(hsm_pb2_grpc.GiveConsentsServicer):
    """For signsvc: without the handle it finds nothing, and what was given it does not get back."""

    def __init__(self, consents: Consents, webauthn: WebAuthn, clock: JournalClock) -> None:
        self._consents = consents
        self._webauthn = webauthn
        self._clock = clock

    @answers
    def Show(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.ShownConsent:  # noqa: N802
        found = self._consents.find(request.handle, now=self._clock.now())
        return hsm_pb2.ShownConsent(
            act=found.act,
            expires_at=found.expires_at,
            given=bool(found.evidence),
            enrols=found.enrols,
            rp_id=self._webauthn.rp_id,
        )

    @answers
    def Give(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.GiveConsentResponse:  # noqa: N802
        self._consents.give(request.handle, request.evidence, now=self._clock.now())
        return hsm_pb2.GiveConsentResponse()
