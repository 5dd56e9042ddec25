"""Logouts that relying parties have to be told (OpenID Connect Back-Channel Logout 1.0), as rows."""

from collections.abc import Iterable

from sqlalchemy import Connection, insert

from idp.store.session_tables import logout_delivery


def queue_deliveries(
    connection: Connection, session_id: str, person_id: str, targets: Iterable[tuple[str, str]], now: int
) -> None:
    """One row for each ``(client_id, backchannel_logout_uri)``, due at once."""
    rows = [
        {
            "session_id": session_id,
            "person_id": person_id,
            "client_id": client_id,
            "uri": uri,
            "created_at": now,
            "due_at": now,
            "state": "waiting",
        }
        for client_id, uri in targets
    ]
    if rows:
        connection.execute(insert(logout_delivery), rows)
