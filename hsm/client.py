"""What ``idp`` and ``signsvc`` import of the key process, and nothing else of it.

    key_process = KeyProcess("unix:run/hsm-signsvc.sock")
    signed = key_process.sign([Item(signed_attributes=attributes)], act=act, approval=approval)

Blocking and thread-safe. Open it after the worker has forked: gRPC does not survive a fork.
Every call has a deadline and raises the classes of ``hsm.errors``.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import grpc
import orjson
from grpc_health.v1 import health_pb2, health_pb2_grpc

from hsm import errors
from hsm.acts.act import (
    ActItem,
    AdminAct,
    SignAct,
    act_digest,
    new_act_id,
    parse_admin_act,
    parse_sign_act,
)
from hsm.acts.office_operation import BY_PERSON, CopyForm, Earlier, OfficeOperation, OperationName
from hsm.algorithms import SignatureAlgorithm
from hsm.answers import (
    Approval,
    AskedConsent,
    Checkpoint,
    Credential,
    Grant,
    Item,
    Receipt,
    Signed,
    TokenKey,
    Use,
)
from hsm.api import hsm_pb2, hsm_pb2_grpc
from hsm.errors import (
    ActMalformed,
    ActRefused,
    ApprovalRefused,
    CredentialNotUsable,
    GrantRefused,
    HsmError,
    JournalError,
    KeyNotFound,
    KeyProcessUnavailable,
    MechanismRefused,
    PinRejected,
    PolicyRefused,
    QuotaSpent,
    StoreUnavailable,
    TokenError,
    TokenUnavailable,
)
from hsm.tls import TlsFiles

__all__ = [
    "BY_PERSON",
    "ActItem",
    "ActMalformed",
    "ActRefused",
    "AdminAct",
    "Approval",
    "ApprovalRefused",
    "AskedConsent",
    "Checkpoint",
    "CopyForm",
    "Credential",
    "CredentialNotUsable",
    "Earlier",
    "Grant",
    "GrantRefused",
    "HsmError",
    "Item",
    "JournalError",
    "KeyNotFound",
    "KeyProcess",
    "KeyProcessUnavailable",
    "MechanismRefused",
    "OfficeOperation",
    "OperationName",
    "PinRejected",
    "PolicyRefused",
    "QuotaSpent",
    "Receipt",
    "SignAct",
    "SignatureAlgorithm",
    "Signed",
    "StoreUnavailable",
    "TlsFiles",
    "TokenError",
    "TokenKey",
    "TokenUnavailable",
    "Use",
    "act_digest",
    "new_act_id",
    "parse_admin_act",
    "parse_sign_act",
]

T = TypeVar("T")
MAX_MESSAGE = 32 * 1024 * 1024
POLICY_WITHIN = 2.0  # seconds: whoever asks has the last known policy, and a person waiting


class KeyProcess:
    """The key process, seen from a web process."""

    def __init__(self, target: str, *, tls: TlsFiles | None = None, deadline: float = 10.0) -> None:
        options = [
            ("grpc.max_receive_message_length", MAX_MESSAGE),
            ("grpc.max_send_message_length", MAX_MESSAGE),
            # A restarted key process is found again at once, not after gRPC's minutes of back-off.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1000),
            # A local proxy of the environment has no business on the trust line.
            ("grpc.enable_http_proxy", 0),
            ("grpc.lb_policy_name", "round_robin"),
        ]
        self._channel = (
            grpc.secure_channel(target, _credentials(tls), options)
            if tls
            else grpc.insecure_channel(target, options)
        )
        self._deadline = deadline
        self._signing = hsm_pb2_grpc.SigningStub(self._channel)
        self._tokens = hsm_pb2_grpc.TokensStub(self._channel)
        self._administration = hsm_pb2_grpc.AdministrationStub(self._channel)
        self._journal = hsm_pb2_grpc.JournalStub(self._channel)
        self._consents = hsm_pb2_grpc.GiveConsentsStub(self._channel)
        self._policy: Any = hsm_pb2_grpc.PolicyInForceStub(self._channel)
        self._health: Any = health_pb2_grpc.HealthStub(self._channel)

    def close(self) -> None:
        """Close the channel; calls under way are cancelled."""
        self._channel.close()

    def healthy(self) -> bool:
        """The key process answers and its token signs."""
        try:
            answer = self._health.Check(health_pb2.HealthCheckRequest(), timeout=min(self._deadline, 3.0))
        except grpc.RpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    def credential(self, credential_id: str) -> Credential:
        """Raises CredentialNotUsable when there is none."""
        request = hsm_pb2.CredentialRequest(credential_id=credential_id)
        return _credential(self._call(self._signing.GetCredential, request))

    def credentials(self, holder: str, *, holder_kind: str = "Client") -> list[Credential]:
        """What a client (or a ``Person``) may use, in whatever state, oldest first."""
        request = hsm_pb2.ListCredentialsRequest(holder=holder, holder_kind=holder_kind)
        answer = self._call(self._signing.ListCredentials, request)
        return [_credential(credential) for credential in answer.credentials]

    def authorize(self, act: bytes, approval: Approval) -> Grant:
        """Redeem an approval into a grant, to sign later with its SAD. Raises ActRefused."""
        request = hsm_pb2.AuthorizeRequest(act=act, approval=_approval(approval))
        answer = self._call(self._signing.Authorize, request)
        return Grant(answer.sad, answer.expires_at, answer.act_digest)

    def extend(
        self, sad: str, *, client_id: str, credential_id: str = "", digests: Sequence[bytes] = ()
    ) -> Grant:
        """Another SAD for what is left of a grant; the old one ends. Raises GrantRefused."""
        request = hsm_pb2.ExtendRequest(
            sad=sad, client_id=client_id, credential_id=credential_id, digests=digests
        )
        answer = self._call(self._signing.Extend, request)
        return Grant(answer.sad, answer.expires_at, answer.act_digest)

    def sign(
        self,
        items: Sequence[Item],
        *,
        act: bytes = b"",
        approval: Approval | None = None,
        sad: str = "",
        client_id: str = "",
        credential_id: str = "",
        salt_length: int = 0,
        positions: Sequence[int] = (),
        with_receipts: bool = False,
    ) -> list[Signed]:
        """The eight steps: with an act and its approval, or with a SAD and who redeems it. Order is kept.

        With a SAD: ``client_id`` must be the act's; ``credential_id``, when given, too. ``positions``: which
        of the act's items; without them each item is found by its digest. ``salt_length``: for PS256, bytes.
        Raises ActRefused (nothing was signed, asking again will not help), TokenUnavailable,
        StoreUnavailable or KeyProcessUnavailable (ask again later).
        """
        request = hsm_pb2.SignRequest(
            act=act,
            approval=_approval(approval) if approval else None,
            sad=sad,
            items=[_item(item) for item in items],
            positions=positions,
            client_id=client_id,
            credential_id=credential_id,
            salt_length=salt_length,
            with_receipts=with_receipts,
        )
        answer = self._call(self._signing.Sign, request)
        return [
            Signed(
                signature.value,
                signature.leaf_index,
                _receipt(signature.receipt) if signature.receipt.proof else None,
            )
            for signature in answer.signatures
        ]

    def policy_in_force(self, known: str = "") -> tuple[str, dict[str, str]]:
        """Digest and files of the policy in force; no files while it is the ``known`` one."""
        asked = hsm_pb2.PolicyInForceRequest(known=known)
        answer = self._call(self._policy.GetPolicyInForce, asked, at_most=POLICY_WITHIN)
        return str(answer.digest), dict(answer.files)

    def token_keys(self) -> list[TokenKey]:
        """The identity provider's published keys (JWKs with kid, alg, use)."""
        answer = self._call(self._tokens.GetTokenKeys, hsm_pb2.TokenKeysRequest())
        jwks = [orjson.loads(jwk) for jwk in answer.jwks]
        return [TokenKey(jwk["kid"], jwk["alg"], jwk, jwk["kid"] in answer.current_kids) for jwk in jwks]

    def sign_token(self, kid: str, signing_input: bytes) -> bytes:
        """The signature of a JWS signing input (ES256 as r||s). Raises HsmError."""
        request = hsm_pb2.SignTokenRequest(kid=kid, signing_input=signing_input)
        return bytes(self._call(self._tokens.SignToken, request).signature)

    def perform(self, act: bytes, approvals: Sequence[Approval]) -> dict[str, Any]:
        """Do an administrative act that its approvers approved; its result. Raises HsmError."""
        request = hsm_pb2.PerformRequest(act=act, approvals=[_approval(approval) for approval in approvals])
        return dict(orjson.loads(self._call(self._administration.Perform, request).result))

    def asked_consent(self, handle: str) -> AskedConsent:
        """What a link asks a person for. Raises GrantRefused."""
        shown = self._call(self._consents.Show, hsm_pb2.ConsentRef(handle=handle))
        return AskedConsent(shown.act, shown.expires_at, shown.given, shown.enrols, shown.rp_id)

    def give_consent(self, handle: str, evidence: str) -> None:
        """What their authenticator answered. Raises ApprovalRefused, ActMalformed, GrantRefused."""
        self._call(self._consents.Give, hsm_pb2.GiveConsentRequest(handle=handle, evidence=evidence))

    def checkpoint(self) -> Checkpoint:
        """The journal's head, signed now."""
        answer = self._call(self._journal.GetCheckpoint, hsm_pb2.CheckpointRequest())
        return Checkpoint(answer.checkpoint, answer.verifier_key)

    def receipt(self, leaf_index: int) -> Receipt:
        """A leaf with a fresh proof. Raises ActMalformed when there is no such leaf."""
        return _receipt(self._call(self._journal.GetReceipt, hsm_pb2.ReceiptRequest(leaf_index=leaf_index)))

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        """RFC 9162 §2.1.4 proof between two sizes of the journal."""
        sizes = hsm_pb2.ConsistencyRequest(old_size=old_size, new_size=new_size)
        return list(self._call(self._journal.GetConsistency, sizes).hashes)

    def export(self, start: int, limit: int) -> Iterator[tuple[int, bytes]]:
        """Entries from ``start``, in order: (index, leaf bytes)."""
        request = hsm_pb2.ExportRequest(start=start, limit=limit)
        try:
            for entry in self._journal.Export(request, timeout=self._deadline):
                yield entry.index, entry.entry
        except grpc.RpcError as error:
            raise _error(error) from error

    def uses(self, credential_id: str, start: int, limit: int) -> list[Use]:
        """Every use of a key from leaf ``start`` on, oldest first, at most ``limit`` (1,000)."""
        request = hsm_pb2.UsesRequest(credential_id=credential_id, start=start, limit=limit)
        return [_use(use) for use in self._call(self._journal.ListUses, request).uses]

    def _call(self, method: Any, request: object, *, at_most: float = float("inf")) -> Any:
        try:
            return method(request, timeout=min(self._deadline, at_most))
        except grpc.RpcError as error:
            raise _error(error) from error


def _error(error: grpc.RpcError) -> HsmError:
    """The error that the key process raised, told apart by its trailing metadata."""
    metadata = {item.key: item.value for item in error.trailing_metadata() or ()}
    kind = getattr(errors, str(metadata.get("antin-error", "")), None)
    if isinstance(kind, type) and issubclass(kind, HsmError):
        if kind is PolicyRefused:
            rules = tuple(str(metadata.get("antin-rules", "")).split())
            return PolicyRefused(error.details() or "", rules=rules)
        if kind is QuotaSpent:
            return QuotaSpent(
                error.details() or "",
                quota=str(metadata.get("antin-quota", "")),
                retry_after=float(metadata.get("antin-retry-after", 0)),
            )
        if kind is GrantRefused:
            return GrantRefused(error.details() or "", reason=str(metadata.get("antin-reason", "")))
        return kind(error.details() or "")
    return KeyProcessUnavailable(
        "The key process did not answer.", detail=f"{error.code()} {error.details()}"
    )


def _credentials(tls: TlsFiles) -> grpc.ChannelCredentials:
    read = (file.read_bytes() for file in (tls.authority, tls.key, tls.certificate))
    return grpc.ssl_channel_credentials(*read)


def _approval(approval: Approval) -> hsm_pb2.Approval:
    return hsm_pb2.Approval(kind=approval.kind, evidence=approval.evidence)


def _item(item: Item) -> hsm_pb2.Item:
    if item.signed_attributes:
        return hsm_pb2.Item(signed_attributes=item.signed_attributes)
    return hsm_pb2.Item(digest=item.digest)


def _receipt(receipt: hsm_pb2.Receipt) -> Receipt:
    return Receipt(receipt.entry, receipt.proof)


def _use(use: hsm_pb2.Use) -> Use:
    outcome = use.outcome_index if use.HasField("outcome_index") else None
    return Use(use.leaf_index, use.entry, use.outcome, outcome, use.result)


def _credential(answer: hsm_pb2.Credential) -> Credential:
    return Credential(
        credential_id=answer.credential_id,
        purpose=answer.purpose,
        state=answer.state,
        algorithm=SignatureAlgorithm(answer.algorithm),
        holder=answer.holder,
        description=answer.description,
        certificates=tuple(answer.certificates),
        not_before=answer.not_before,
        not_after=answer.not_after,
        training=answer.training,
        holder_kind=answer.holder_kind or "Client",
        office=answer.office,
        entrusted=answer.entrusted,
        proofs=tuple(answer.proofs),
        contents=tuple(answer.contents),
        max_signatures=answer.max_signatures,
        max_act_seconds=answer.max_act_seconds,
    )
