"""Invariant 10 where things go wrong: an unexpected error says where it was, never what it quoted."""

from pathlib import Path
from typing import Any

import grpc
import pytest
import structlog
from sqlalchemy import text

from hsm.api import hsm_pb2
from hsm.database import Database
from hsm.errors import StoreUnavailable
from hsm.journal.clock import JournalClock
from hsm.services import SigningService
from idp.errors import StoreUnavailable as IdpStoreUnavailable
from idp.store.database import Database as IdpDatabase

SECRET = "eyJhbGciOiJFUzI1NiJ9.a-token-that-an-error-quotes"


class _Aborted(Exception):
    pass


class _Context:
    said = ""

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        self.said = f"{code} {details}"
        raise _Aborted


class _Broken:
    def get_credential(self, credential_id: str) -> Any:
        raise RuntimeError(f"unexpected {SECRET}")


def test_an_unexpected_error_leaves_its_text_neither_in_the_answer_nor_in_the_log() -> None:
    context = _Context()
    service = SigningService(None, _Broken(), lambda _: None, JournalClock())  # type: ignore[arg-type]
    with structlog.testing.capture_logs() as logged, pytest.raises(_Aborted):
        service.GetCredential(hsm_pb2.CredentialRequest(credential_id="x"), context)  # type: ignore[arg-type]
    assert SECRET not in context.said
    assert SECRET not in str(logged)
    assert logged[0]["error"] == "RuntimeError"
    assert "get_credential" in logged[0]["at"]


@pytest.mark.parametrize(
    ("kind", "error"), [(Database, StoreUnavailable), (IdpDatabase, IdpStoreUnavailable)], ids=["hsm", "idp"]
)
def test_a_failed_statement_does_not_quote_its_values(kind: Any, error: type[Any], tmp_path: Path) -> None:
    database = kind(f"sqlite:///{tmp_path}/x.sqlite3")
    with pytest.raises(error) as failed, database.writing() as connection:
        connection.execute(text("INSERT INTO no_such_table VALUES (:secret)"), {"secret": SECRET})
    assert SECRET not in f"{failed.value} {failed.value.detail}"
    database.close()
