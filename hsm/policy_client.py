"""The key process as administrators' tools see it: acts, and policies with their versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hsm.api import hsm_pb2, hsm_pb2_grpc
from hsm.client import KeyProcess
from hsm.tls import TlsFiles


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version that was in force. ``approvers``: (kind, administrator); empty: the ceremony's own."""

    version: int
    digest: str
    activated_at: int
    approvers: tuple[tuple[str, str], ...]
    note: str
    leaf_index: int | None


class PolicyClient(KeyProcess):
    """A KeyProcess on the administrators' socket, which alone offers policies."""

    def __init__(self, target: str, *, tls: TlsFiles | None = None, deadline: float = 30.0) -> None:
        super().__init__(target, tls=tls, deadline=deadline)
        self._policies: Any = hsm_pb2_grpc.PoliciesStub(self._channel)

    def store_bundle(self, files: Mapping[str, str]) -> str:
        """Lay down a draft; its digest. Raises ActMalformed saying why it may not come into force."""
        return str(self._call(self._policies.StoreBundle, hsm_pb2.PolicyBundle(files=files)).digest)

    def bundle(self, *, digest: str = "", version: int = 0) -> tuple[str, dict[str, str]]:
        """Digest and files of a bundle; of the one in force when nothing is named. Raises ActMalformed."""
        reference = hsm_pb2.PolicyBundleRef(digest=digest, version=version)
        found = self._call(self._policies.GetBundle, reference)
        return str(found.digest), dict(found.files)

    def versions(self) -> list[PolicyVersion]:
        """Those whose approvals hold, newest first: the first is in force."""
        listed = self._call(self._policies.ListVersions, hsm_pb2.PolicyVersionsRequest())
        return [_version(one) for one in listed.versions]


def _version(one: Any) -> PolicyVersion:
    return PolicyVersion(
        one.version,
        one.digest,
        one.activated_at,
        tuple((approver.kind, approver.administrator) for approver in one.approvers),
        one.note,
        one.leaf_index if one.HasField("leaf_index") else None,
    )
