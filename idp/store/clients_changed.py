"""What becomes of a registered client later: when it came, and that it goes."""

from sqlalchemy import Connection, delete, select

from idp.store.registration_tables import registration_access
from idp.store.tables import client, client_key


def created_at(connection: Connection, client_id: str) -> int:
    """Unix seconds; 0 when there is no such client."""
    return int(connection.scalar(select(client.c.created_at).where(client.c.client_id == client_id)) or 0)


def delete_registration(connection: Connection, client_id: str) -> bool:
    """The client, its keys and its registration access token; False when there is no such client."""
    for table in (client_key, registration_access):
        connection.execute(delete(table).where(table.c.client_id == client_id))
    return bool(connection.execute(delete(client).where(client.c.client_id == client_id)).rowcount)


def lock_client(connection: Connection, client_id: str) -> bool:
    """Nobody else changes it before this transaction ends; False when there is no such client."""
    where = client.c.client_id == client_id
    return connection.scalar(select(client.c.client_id).where(where).with_for_update()) is not None
