"""The Python SDK of Ấn Tín: sign documents with keys that stay in an HSM, and prove it afterwards.

``Client`` is the way in; everything it raises is an ``AntinError`` (``antin.errors``). The offline
verifiers ``antin.receipt`` and ``antin.journal`` need the standard library only.
"""

from antin.client import Client
from antin.credentials import Credential
from antin.errors import (
    AntinError,
    ConfigError,
    DamagedDownload,
    DocumentRefused,
    FileError,
    Finding,
    LevelNotReached,
    LoginRefused,
    NetworkError,
    NotFinished,
    NotFound,
    NotPermitted,
    OutputExists,
    ProofError,
    ProofRefused,
    ServiceError,
    ServiceUnavailable,
    SubstitutedDocument,
)
from antin.hashes import SignedHash
from antin.keys import ClientKey, load_key, new_key, read_key, write_key
from antin.operation import Operation
from antin.retry import Retry
from antin.signing import SignedDocument
from antin.verify import Verdict
from antin.visible import VisibleSignature

__all__ = [
    "AntinError",
    "Client",
    "ClientKey",
    "ConfigError",
    "Credential",
    "DamagedDownload",
    "DocumentRefused",
    "FileError",
    "Finding",
    "LevelNotReached",
    "LoginRefused",
    "NetworkError",
    "NotFinished",
    "NotFound",
    "NotPermitted",
    "Operation",
    "OutputExists",
    "ProofError",
    "ProofRefused",
    "Retry",
    "ServiceError",
    "ServiceUnavailable",
    "SignedDocument",
    "SignedHash",
    "SubstitutedDocument",
    "Verdict",
    "VisibleSignature",
    "load_key",
    "new_key",
    "read_key",
    "write_key",
]
__version__ = "0.1.0"
