"""The gRPC services: from the wire to an act and back. Each caller's socket offers only its own."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import orjson

from hsm import errors
from hsm.acts.approval import Approval
from hsm.acts.directory import Directory, KnownCredential
from hsm.acts.keys import Administration
from hsm.acts.ledger import Ledger
from hsm.acts.redeem import Redeemer
from hsm.acts.sign import MadeSignature, Signing
from hsm.acts.sign_token import TokenSigning
from hsm.acts.to_be_signed import ItemToSign
from hsm.algorithms import PSS_SALT
from hsm.api import hsm_pb2, hsm_pb2_grpc
from hsm.grpc_errors import answers as _answers
from hsm.journal.clock import JournalClock
from hsm.journal.log import Log
from hsm.journal.receipt import format_proof
from hsm.journal.uses import MAX_USES, Use, Uses
from policies.profiles import KeyProfile

MAX_EXPORT = 10_000


class SigningService(hsm_pb2_grpc.SigningServicer):
    """For signsvc."""

    def __init__(
        self,
        signing: Signing,
        directory: Directory,
        profile: Callable[[str], KeyProfile | None],
        clock: JournalClock,
    ) -> None:
        self._clock = clock
        self._signing = signing
        self._directory = directory
        self._profile = profile

    @_answers
    def GetCredential(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.Credential:  # noqa: N802
        return self._credential(self._directory.get_credential(request.credential_id))

    @_answers
    def ListCredentials(  # noqa: N802
        self, request: Any, context: grpc.ServicerContext
    ) -> hsm_pb2.ListCredentialsResponse:
        found = self._directory.find_credentials(request.holder, request.holder_kind or "Client")
        return hsm_pb2.ListCredentialsResponse(credentials=[self._credential(known) for known in found])

    @_answers
    def Authorize(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.Grant:  # noqa: N802
        issued = self._signing.authorize(request.act, _approval(request.approval), now=self._clock.now())
        return hsm_pb2.Grant(sad=issued.sad, expires_at=issued.expires_at, act_digest=issued.act_digest)

    @_answers
    def Extend(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.Grant:  # noqa: N802
        redeemer = Redeemer(request.client_id, request.credential_id)
        issued = self._signing.extend(request.sad, redeemer, list(request.digests), now=self._clock.now())
        return hsm_pb2.Grant(sad=issued.sad, expires_at=issued.expires_at, act_digest=issued.act_digest)

    @_answers
    def Sign(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.SignResponse:  # noqa: N802
        items = [ItemToSign(item.digest, item.signed_attributes) for item in request.items]
        if request.sad:
            made = self._signing.sign_granted(
                request.sad,
                Redeemer(request.client_id, request.credential_id),
                items,
                positions=list(request.positions),
                salt_length=request.salt_length or PSS_SALT,
                now=self._clock.now(),
                with_receipts=request.with_receipts,
            )
        else:
            made = self._signing.sign_approved(
                request.act,
                _approval(request.approval),
                items,
                now=self._clock.now(),
                with_receipts=request.with_receipts,
            )
        return hsm_pb2.SignResponse(signatures=[_signature(signature) for signature in made])

    def _credential(self, known: KnownCredential) -> hsm_pb2.Credential:
        stored = known.stored
        answer = hsm_pb2.Credential(
            credential_id=stored.credential_id,
            purpose=stored.purpose,
            state=stored.state,
            algorithm=stored.algorithm,
            holder=stored.holder,
            description=stored.description,
            certificates=known.certificates,
            not_before=stored.not_before or 0,
            not_after=stored.not_after or 0,
            training=stored.training,
            holder_kind=stored.holder_kind,
            office=stored.office,
            entrusted=bool(stored.custodian),
        )
        profile = self._profile(stored.profile)
        # A profile that the bundle no longer knows allows nothing.
        if profile is not None:
            answer.proofs.extend(sorted(profile.proofs))
            answer.contents.extend(sorted(profile.contents))
            answer.max_signatures = profile.max_signatures
            answer.max_act_seconds = profile.max_act_seconds
        return answer


class TokenService(hsm_pb2_grpc.TokensServicer):
    """For idp."""

    def __init__(self, tokens: TokenSigning, clock: JournalClock) -> None:
        self._clock = clock
        self._tokens = tokens

    @_answers
    def GetTokenKeys(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.TokenKeysResponse:  # noqa: N802
        published = self._tokens.published_keys()
        return hsm_pb2.TokenKeysResponse(
            jwks=[orjson.dumps(jwk).decode() for jwk, _ in published],
            current_kids=[jwk["kid"] for jwk, current in published if current],
        )

    @_answers
    def SignToken(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.SignTokenResponse:  # noqa: N802
        value = self._tokens.sign(request.kid, request.signing_input, now=self._clock.now())
        return hsm_pb2.SignTokenResponse(signature=value)


class AdministrationService(hsm_pb2_grpc.AdministrationServicer):
    """For administrators' tools."""

    def __init__(self, administration: Administration, clock: JournalClock) -> None:
        self._clock = clock
        self._administration = administration

    @_answers
    def Perform(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.PerformResponse:  # noqa: N802
        approvals = [_approval(approval) for approval in request.approvals]
        result, leaf_index = self._administration.perform(request.act, approvals, now=self._clock.now())
        return hsm_pb2.PerformResponse(result=orjson.dumps(result).decode(), leaf_index=leaf_index)


class JournalService(hsm_pb2_grpc.JournalServicer):
    """For everybody on the trust line."""

    def __init__(self, journal: Log, ledger: Ledger, verifier_key: str, uses: Uses) -> None:
        self._journal = journal
        self._ledger = ledger
        self._verifier_key = verifier_key
        self._uses = uses

    @_answers
    def GetCheckpoint(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.CheckpointResponse:  # noqa: N802
        return hsm_pb2.CheckpointResponse(
            checkpoint=self._ledger.checkpoint()[1], verifier_key=self._verifier_key
        )

    @_answers
    def GetReceipt(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.Receipt:  # noqa: N802
        size, checkpoint = self._ledger.checkpoint()
        if request.leaf_index >= size:
            raise errors.ActMalformed("The journal has no such entry.")
        proof = self._journal.inclusion_proof(request.leaf_index, size)
        return hsm_pb2.Receipt(
            entry=self._journal.entry(request.leaf_index),
            proof=format_proof(request.leaf_index, proof, checkpoint),
        )

    @_answers
    def GetConsistency(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.ConsistencyResponse:  # noqa: N802
        if not 0 < request.old_size <= request.new_size <= self._journal.head()[0]:
            raise errors.ActMalformed("The sizes must be 0 < old <= new <= the journal's size.")
        hashes = self._journal.consistency_proof(request.old_size, request.new_size)
        return hsm_pb2.ConsistencyResponse(hashes=hashes)

    @_answers
    def Export(self, request: Any, context: grpc.ServicerContext) -> Iterator[hsm_pb2.ExportEntry]:  # noqa: N802
        limit = min(request.limit or MAX_EXPORT, MAX_EXPORT)
        entries = list(self._journal.entries(request.start, limit))
        return (hsm_pb2.ExportEntry(index=index, entry=entry) for index, entry in entries)

    @_answers
    def ListUses(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.UsesResponse:  # noqa: N802
        found = self._uses.find(request.credential_id, request.start, request.limit or MAX_USES)
        return hsm_pb2.UsesResponse(uses=[_use(use) for use in found])


def _approval(approval: Any) -> Approval:
    return Approval(approval.kind, approval.evidence)


def _signature(made: MadeSignature) -> hsm_pb2.Signature:
    receipt = hsm_pb2.Receipt(entry=made.entry, proof=made.proof) if made.proof else None
    return hsm_pb2.Signature(value=made.value, leaf_index=made.leaf_index, receipt=receipt)


def _use(use: Use) -> hsm_pb2.Use:
    return hsm_pb2.Use(
        leaf_index=use.leaf_index,
        entry=use.entry,
        outcome=use.outcome,
        outcome_index=use.outcome_index,
        result=use.result,
    )
