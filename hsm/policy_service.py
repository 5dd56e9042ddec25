"""The gRPC services of policies. Administrators' tools read them and lay down drafts; signsvc reads."""

from datetime import UTC, datetime
from typing import Any

import grpc
import orjson
import rfc8785

from hsm import policy_store
from hsm.acts.active_policy import ActivePolicy
from hsm.acts.policy_evidence import PolicyNotApproved, check_files
from hsm.api import hsm_pb2, hsm_pb2_grpc
from hsm.database import Database
from hsm.errors import ActMalformed
from hsm.grpc_errors import answers
from hsm.policy_store import StoredVersion
from policies.bundle import bundle_digest, check_names, parse_bundle
from policies.errors import PolicyError
from policies.governance import check_governance

MAX_BUNDLE = 2 * 1024 * 1024  # characters


class PolicyService(hsm_pb2_grpc.PoliciesServicer):
    """For the administrators' listener alone."""

    def __init__(self, database: Database, active: ActivePolicy) -> None:
        self._database = database
        self._active = active

    @answers
    def StoreBundle(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.PolicyBundleRef:  # noqa: N802
        files = dict(request.files)
        if sum(map(len, files.values())) > MAX_BUNDLE:
            raise ActMalformed(f"A policy bundle has at most {MAX_BUNDLE} characters.")
        try:
            check_names(files)
            check_governance(parse_bundle(files))
        except PolicyError as error:
            raise ActMalformed(f"This is no policy that may come into force: {error}") from error
        digest, text = bundle_digest(files), rfc8785.dumps(files).decode()
        with self._database.writing() as connection:
            policy_store.add_bundle(connection, digest, text, int(datetime.now(UTC).timestamp()))
        return hsm_pb2.PolicyBundleRef(digest=digest)

    @answers
    def GetBundle(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.PolicyBundle:  # noqa: N802
        digest = request.digest or self._digest_of(request.version)
        return hsm_pb2.PolicyBundle(files=_files(self._database, digest), digest=digest)

    @answers
    def ListVersions(self, request: Any, context: grpc.ServicerContext) -> hsm_pb2.PolicyVersions:  # noqa: N802
        self._active.refresh()
        return hsm_pb2.PolicyVersions(versions=[_version(one) for one in self._active.approved_versions()])

    def _digest_of(self, version: int) -> str:
        if version in (0, self._active.version):
            return self._active.current.bundle.digest
        for one in self._active.approved_versions():
            if one.version == version:
                return one.bundle
        raise ActMalformed("There is no such version of the policy.")


class PolicyInForceService(hsm_pb2_grpc.PolicyInForceServicer):
    """For signsvc: to read what is in force, and nothing else of policies."""

    def __init__(self, database: Database, active: ActivePolicy) -> None:
        self._database = database
        self._active = active

    @answers
    def GetPolicyInForce(  # noqa: N802
        self, request: Any, context: grpc.ServicerContext
    ) -> hsm_pb2.PolicyBundle:
        digest = self._active.current.bundle.digest
        files = {} if request.known == digest else _files(self._database, digest)
        return hsm_pb2.PolicyBundle(files=files, digest=digest)


def _files(database: Database, digest: str) -> dict[str, str]:
    with database.reading() as connection:
        files = policy_store.find_files(connection, digest)
    if files is None:
        raise ActMalformed("There is no such policy bundle.")
    try:
        check_files(digest, files)
    except PolicyNotApproved as error:
        raise ActMalformed("This policy bundle's files were changed.", detail=error.detail) from error
    return dict(files)


def _version(stored: StoredVersion) -> hsm_pb2.PolicyVersion:
    act = orjson.loads(stored.act) if stored.act else {"parameters": {}}
    return hsm_pb2.PolicyVersion(
        version=stored.version,
        digest=stored.bundle,
        activated_at=stored.activated_at,
        approvers=[
            hsm_pb2.PolicyApprover(kind=one["kind"], administrator=one["approver"])
            for one in orjson.loads(stored.approvals)
        ],
        note=act["parameters"].get("note", ""),
        leaf_index=stored.leaf_index,
    )
