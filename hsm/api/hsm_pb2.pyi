from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CredentialRequest(_message.Message):
    __slots__ = ("credential_id",)
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    credential_id: str
    def __init__(self, credential_id: _Optional[str] = ...) -> None: ...

class Credential(_message.Message):
    __slots__ = ("credential_id", "purpose", "state", "algorithm", "holder", "description", "certificates", "not_before", "not_after", "training", "holder_kind", "proofs", "contents", "max_signatures", "max_act_seconds", "office", "entrusted")
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATES_FIELD_NUMBER: _ClassVar[int]
    NOT_BEFORE_FIELD_NUMBER: _ClassVar[int]
    NOT_AFTER_FIELD_NUMBER: _ClassVar[int]
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    HOLDER_KIND_FIELD_NUMBER: _ClassVar[int]
    PROOFS_FIELD_NUMBER: _ClassVar[int]
    CONTENTS_FIELD_NUMBER: _ClassVar[int]
    MAX_SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    MAX_ACT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    ENTRUSTED_FIELD_NUMBER: _ClassVar[int]
    credential_id: str
    purpose: str
    state: str
    algorithm: str
    holder: str
    description: str
    certificates: _containers.RepeatedScalarFieldContainer[bytes]
    not_before: int
    not_after: int
    training: bool
    holder_kind: str
    proofs: _containers.RepeatedScalarFieldContainer[str]
    contents: _containers.RepeatedScalarFieldContainer[str]
    max_signatures: int
    max_act_seconds: int
    office: str
    entrusted: bool
    def __init__(self, credential_id: _Optional[str] = ..., purpose: _Optional[str] = ..., state: _Optional[str] = ..., algorithm: _Optional[str] = ..., holder: _Optional[str] = ..., description: _Optional[str] = ..., certificates: _Optional[_Iterable[bytes]] = ..., not_before: _Optional[int] = ..., not_after: _Optional[int] = ..., training: _Optional[bool] = ..., holder_kind: _Optional[str] = ..., proofs: _Optional[_Iterable[str]] = ..., contents: _Optional[_Iterable[str]] = ..., max_signatures: _Optional[int] = ..., max_act_seconds: _Optional[int] = ..., office: _Optional[str] = ..., entrusted: _Optional[bool] = ...) -> None: ...

class ListCredentialsRequest(_message.Message):
    __slots__ = ("holder", "holder_kind")
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    HOLDER_KIND_FIELD_NUMBER: _ClassVar[int]
    holder: str
    holder_kind: str
    def __init__(self, holder: _Optional[str] = ..., holder_kind: _Optional[str] = ...) -> None: ...

class ListCredentialsResponse(_message.Message):
    __slots__ = ("credentials",)
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    credentials: _containers.RepeatedCompositeFieldContainer[Credential]
    def __init__(self, credentials: _Optional[_Iterable[_Union[Credential, _Mapping]]] = ...) -> None: ...

class Approval(_message.Message):
    __slots__ = ("kind", "evidence")
    KIND_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    kind: str
    evidence: str
    def __init__(self, kind: _Optional[str] = ..., evidence: _Optional[str] = ...) -> None: ...

class AuthorizeRequest(_message.Message):
    __slots__ = ("act", "approval")
    ACT_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_FIELD_NUMBER: _ClassVar[int]
    act: bytes
    approval: Approval
    def __init__(self, act: _Optional[bytes] = ..., approval: _Optional[_Union[Approval, _Mapping]] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("sad", "expires_at", "act_digest")
    SAD_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ACT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    sad: str
    expires_at: int
    act_digest: bytes
    def __init__(self, sad: _Optional[str] = ..., expires_at: _Optional[int] = ..., act_digest: _Optional[bytes] = ...) -> None: ...

class ExtendRequest(_message.Message):
    __slots__ = ("sad", "client_id", "credential_id", "digests")
    SAD_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    sad: str
    client_id: str
    credential_id: str
    digests: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, sad: _Optional[str] = ..., client_id: _Optional[str] = ..., credential_id: _Optional[str] = ..., digests: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ("digest", "signed_attributes")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIGNED_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    digest: bytes
    signed_attributes: bytes
    def __init__(self, digest: _Optional[bytes] = ..., signed_attributes: _Optional[bytes] = ...) -> None: ...

class SignRequest(_message.Message):
    __slots__ = ("act", "approval", "sad", "items", "positions", "with_receipts", "client_id", "credential_id", "salt_length")
    ACT_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_FIELD_NUMBER: _ClassVar[int]
    SAD_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    WITH_RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    SALT_LENGTH_FIELD_NUMBER: _ClassVar[int]
    act: bytes
    approval: Approval
    sad: str
    items: _containers.RepeatedCompositeFieldContainer[Item]
    positions: _containers.RepeatedScalarFieldContainer[int]
    with_receipts: bool
    client_id: str
    credential_id: str
    salt_length: int
    def __init__(self, act: _Optional[bytes] = ..., approval: _Optional[_Union[Approval, _Mapping]] = ..., sad: _Optional[str] = ..., items: _Optional[_Iterable[_Union[Item, _Mapping]]] = ..., positions: _Optional[_Iterable[int]] = ..., with_receipts: _Optional[bool] = ..., client_id: _Optional[str] = ..., credential_id: _Optional[str] = ..., salt_length: _Optional[int] = ...) -> None: ...

class Signature(_message.Message):
    __slots__ = ("value", "leaf_index", "receipt")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LEAF_INDEX_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    value: bytes
    leaf_index: int
    receipt: Receipt
    def __init__(self, value: _Optional[bytes] = ..., leaf_index: _Optional[int] = ..., receipt: _Optional[_Union[Receipt, _Mapping]] = ...) -> None: ...

class SignResponse(_message.Message):
    __slots__ = ("signatures",)
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    signatures: _containers.RepeatedCompositeFieldContainer[Signature]
    def __init__(self, signatures: _Optional[_Iterable[_Union[Signature, _Mapping]]] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("entry", "proof")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    entry: bytes
    proof: str
    def __init__(self, entry: _Optional[bytes] = ..., proof: _Optional[str] = ...) -> None: ...

class TokenKeysRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TokenKeysResponse(_message.Message):
    __slots__ = ("jwks", "current_kids")
    JWKS_FIELD_NUMBER: _ClassVar[int]
    CURRENT_KIDS_FIELD_NUMBER: _ClassVar[int]
    jwks: _containers.RepeatedScalarFieldContainer[str]
    current_kids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, jwks: _Optional[_Iterable[str]] = ..., current_kids: _Optional[_Iterable[str]] = ...) -> None: ...

class SignTokenRequest(_message.Message):
    __slots__ = ("kid", "signing_input")
    KID_FIELD_NUMBER: _ClassVar[int]
    SIGNING_INPUT_FIELD_NUMBER: _ClassVar[int]
    kid: str
    signing_input: bytes
    def __init__(self, kid: _Optional[str] = ..., signing_input: _Optional[bytes] = ...) -> None: ...

class SignTokenResponse(_message.Message):
    __slots__ = ("signature",)
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    signature: bytes
    def __init__(self, signature: _Optional[bytes] = ...) -> None: ...

class PerformRequest(_message.Message):
    __slots__ = ("act", "approvals")
    ACT_FIELD_NUMBER: _ClassVar[int]
    APPROVALS_FIELD_NUMBER: _ClassVar[int]
    act: bytes
    approvals: _containers.RepeatedCompositeFieldContainer[Approval]
    def __init__(self, act: _Optional[bytes] = ..., approvals: _Optional[_Iterable[_Union[Approval, _Mapping]]] = ...) -> None: ...

class PerformResponse(_message.Message):
    __slots__ = ("result", "leaf_index")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    LEAF_INDEX_FIELD_NUMBER: _ClassVar[int]
    result: str
    leaf_index: int
    def __init__(self, result: _Optional[str] = ..., leaf_index: _Optional[int] = ...) -> None: ...

class PolicyBundleRef(_message.Message):
    __slots__ = ("digest", "version")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    digest: str
    version: int
    def __init__(self, digest: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class PolicyBundle(_message.Message):
    __slots__ = ("files", "digest")
    class FilesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    FILES_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    files: _containers.ScalarMap[str, str]
    digest: str
    def __init__(self, files: _Optional[_Mapping[str, str]] = ..., digest: _Optional[str] = ...) -> None: ...

class PolicyInForceRequest(_message.Message):
    __slots__ = ("known",)
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    known: str
    def __init__(self, known: _Optional[str] = ...) -> None: ...

class PolicyVersionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PolicyVersion(_message.Message):
    __slots__ = ("version", "digest", "activated_at", "approvers", "note", "leaf_index")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ACTIVATED_AT_FIELD_NUMBER: _ClassVar[int]
    APPROVERS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    LEAF_INDEX_FIELD_NUMBER: _ClassVar[int]
    version: int
    digest: str
    activated_at: int
    approvers: _containers.RepeatedCompositeFieldContainer[PolicyApprover]
    note: str
    leaf_index: int
    def __init__(self, version: _Optional[int] = ..., digest: _Optional[str] = ..., activated_at: _Optional[int] = ..., approvers: _Optional[_Iterable[_Union[PolicyApprover, _Mapping]]] = ..., note: _Optional[str] = ..., leaf_index: _Optional[int] = ...) -> None: ...

class PolicyApprover(_message.Message):
    __slots__ = ("kind", "administrator")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ADMINISTRATOR_FIELD_NUMBER: _ClassVar[int]
    kind: str
    administrator: str
    def __init__(self, kind: _Optional[str] = ..., administrator: _Optional[str] = ...) -> None: ...

class PolicyVersions(_message.Message):
    __slots__ = ("versions",)
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedCompositeFieldContainer[PolicyVersion]
    def __init__(self, versions: _Optional[_Iterable[_Union[PolicyVersion, _Mapping]]] = ...) -> None: ...

class CheckpointRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CheckpointResponse(_message.Message):
    __slots__ = ("checkpoint", "verifier_key")
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    VERIFIER_KEY_FIELD_NUMBER: _ClassVar[int]
    checkpoint: str
    verifier_key: str
    def __init__(self, checkpoint: _Optional[str] = ..., verifier_key: _Optional[str] = ...) -> None: ...

class ReceiptRequest(_message.Message):
    __slots__ = ("leaf_index",)
    LEAF_INDEX_FIELD_NUMBER: _ClassVar[int]
    leaf_index: int
    def __init__(self, leaf_index: _Optional[int] = ...) -> None: ...

class ConsistencyRequest(_message.Message):
    __slots__ = ("old_size", "new_size")
    OLD_SIZE_FIELD_NUMBER: _ClassVar[int]
    NEW_SIZE_FIELD_NUMBER: _ClassVar[int]
    old_size: int
    new_size: int
    def __init__(self, old_size: _Optional[int] = ..., new_size: _Optional[int] = ...) -> None: ...

class ConsistencyResponse(_message.Message):
    __slots__ = ("hashes",)
    HASHES_FIELD_NUMBER: _ClassVar[int]
    hashes: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, hashes: _Optional[_Iterable[bytes]] = ...) -> None: ...

class ExportRequest(_message.Message):
    __slots__ = ("start", "limit")
    START_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    start: int
    limit: int
    def __init__(self, start: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class ExportEntry(_message.Message):
    __slots__ = ("index", "entry")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    index: int
    entry: bytes
    def __init__(self, index: _Optional[int] = ..., entry: _Optional[bytes] = ...) -> None: ...

class UsesRequest(_message.Message):
    __slots__ = ("credential_id", "start", "limit")
    CREDENTIAL_ID_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    credential_id: str
    start: int
    limit: int
    def __init__(self, credential_id: _Optional[str] = ..., start: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class Use(_message.Message):
    __slots__ = ("leaf_index", "entry", "outcome", "outcome_index", "result")
    LEAF_INDEX_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_INDEX_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    leaf_index: int
    entry: bytes
    outcome: str
    outcome_index: int
    result: str
    def __init__(self, leaf_index: _Optional[int] = ..., entry: _Optional[bytes] = ..., outcome: _Optional[str] = ..., outcome_index: _Optional[int] = ..., result: _Optional[str] = ...) -> None: ...

class UsesResponse(_message.Message):
    __slots__ = ("uses",)
    USES_FIELD_NUMBER: _ClassVar[int]
    uses: _containers.RepeatedCompositeFieldContainer[Use]
    def __init__(self, uses: _Optional[_Iterable[_Union[Use, _Mapping]]] = ...) -> None: ...

class AskConsentRequest(_message.Message):
    __slots__ = ("act", "seconds")
    ACT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    act: bytes
    seconds: int
    def __init__(self, act: _Optional[bytes] = ..., seconds: _Optional[int] = ...) -> None: ...

class AskedConsent(_message.Message):
    __slots__ = ("handle", "expires_at", "origins")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ORIGINS_FIELD_NUMBER: _ClassVar[int]
    handle: str
    expires_at: int
    origins: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, handle: _Optional[str] = ..., expires_at: _Optional[int] = ..., origins: _Optional[_Iterable[str]] = ...) -> None: ...

class ConsentRef(_message.Message):
    __slots__ = ("handle",)
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    handle: str
    def __init__(self, handle: _Optional[str] = ...) -> None: ...

class Consent(_message.Message):
    __slots__ = ("evidence",)
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    evidence: str
    def __init__(self, evidence: _Optional[str] = ...) -> None: ...

class ShownConsent(_message.Message):
    __slots__ = ("act", "expires_at", "given", "enrols", "rp_id")
    ACT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    GIVEN_FIELD_NUMBER: _ClassVar[int]
    ENROLS_FIELD_NUMBER: _ClassVar[int]
    RP_ID_FIELD_NUMBER: _ClassVar[int]
    act: bytes
    expires_at: int
    given: bool
    enrols: bool
    rp_id: str
    def __init__(self, act: _Optional[bytes] = ..., expires_at: _Optional[int] = ..., given: _Optional[bool] = ..., enrols: _Optional[bool] = ..., rp_id: _Optional[str] = ...) -> None: ...

class GiveConsentRequest(_message.Message):
    __slots__ = ("handle", "evidence")
    HANDLE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    handle: str
    evidence: str
    def __init__(self, handle: _Optional[str] = ..., evidence: _Optional[str] = ...) -> None: ...

class GiveConsentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
