"""``activate_policy``: a policy comes into force, or an earlier one comes back.

The act names the bundle by its digest, the number it gets and the bundle it replaces, so that an act that
was approved for one moment does nothing in another. The bundle's files were stored before, by anybody:
they are what their digest says, or they are refused.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hsm import policy_store
from hsm.acts.active_policy import ActivePolicy
from hsm.acts.credential_life import text
from hsm.acts.keys import Operation, Result, Witnessed
from hsm.acts.ledger import Change
from hsm.acts.policy_evidence import PolicyNotApproved, check_files, check_two, evidence_of, version_row
from hsm.acts.row_seals import RowSeals
from hsm.database import Database
from hsm.errors import ActMalformed
from hsm.policy_store import StoredVersion
from policies.errors import PolicyError
from policies.governance import check_governance
from policies.model import ActionName, PolicyFacts

MAX_NOTE = 500
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MEMBERS = {"version", "bundle", "previous", "note"}


class ActivatePolicy:
    """{version, bundle, previous, note}: the number is the last one's and one; digests in hex."""

    def __init__(self, database: Database, seals: RowSeals, active: ActivePolicy) -> None:
        self._database = database
        self._seals = seals
        self._active = active

    def operations(self) -> dict[ActionName, Operation]:
        return {
            ActionName.ACTIVATE_POLICY: Operation(
                self._facts, _never, witnessed=self._activate, tidy=self._tidy, told=_told
            )
        }

    def _facts(self, parameters: dict[str, Any]) -> PolicyFacts:
        version, bundle, previous = _read(parameters)
        self._active.refresh()
        present = self._active.current
        if (version, previous) != (present.version + 1, present.bundle.digest):
            raise ActMalformed(
                f"The act does not follow version {present.version}, which is in force now: draft it again."
            )
        with self._database.reading() as connection:
            files = policy_store.find_files(connection, bundle)
            earlier = any(one.bundle == bundle for one in policy_store.find_versions(connection))
        try:
            check_governance(check_files(bundle, files))
        except PolicyError as error:
            raise ActMalformed(f"This policy cannot come into force: {error}") from error
        except PolicyNotApproved as error:
            raise ActMalformed(f"This policy cannot come into force: {error} {error.detail}") from error
        return PolicyFacts(bundle, version, earlier)

    def _activate(self, witnessed: Witnessed, now: datetime) -> tuple[Result, Change]:
        version, bundle, previous = _read(witnessed.parameters)
        check_two(version, [(one.kind, one.principal.id) for one, _ in witnessed.approved])
        stored = StoredVersion(
            version=version,
            bundle=bundle,
            act=witnessed.act_bytes,
            approvals=evidence_of(witnessed.approved),
            leaf_index=witnessed.leaf,
            activated_at=int(now.timestamp()),
        )
        sealed = replace(stored, seal=self._seals.seal(version_row(stored)))

        def change(connection: Connection) -> None:
            newest = policy_store.find_versions(connection, above=version - 2)
            if [(one.version, one.bundle) for one in newest] != [(version - 1, previous)]:
                raise ActMalformed("Another policy came into force meanwhile: draft the act again.")
            policy_store.add_version(connection, sealed)

        return {"version": version, "bundle": bundle, "previous": previous}, change

    def _tidy(self, _: Result) -> None:
        self._active.refresh()


def _read(parameters: Mapping[str, Any]) -> tuple[int, str, str]:
    if parameters.keys() != _MEMBERS:
        raise ActMalformed(f"The act's parameters are {', '.join(sorted(_MEMBERS))}.")
    version, bundle, previous = (parameters[name] for name in ("version", "bundle", "previous"))
    if not isinstance(version, int) or isinstance(version, bool) or version < 2:
        raise ActMalformed("version is the number that the policy gets: 2 or more.")
    for digest in (bundle, previous):
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise ActMalformed("bundle and previous are SHA-256 digests, in hex.")
    text(dict(parameters), "note", MAX_NOTE)
    return version, bundle, previous


def _told(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal says of it beside the act's digest. The note may name people: it stays in the act."""
    version, bundle, previous = _read(parameters)
    return {"activates": {"version": version, "bundle": bundle, "previous": previous}}


def _never(_: dict[str, Any], __: datetime) -> tuple[Result, Change]:
    raise NotImplementedError("a policy is activated on evidence only")
