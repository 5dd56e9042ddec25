"""Prometheus hears of client secrets before they end."""

from idp.protocol.client_metadata import ClientMetadata
from tests.idp.provider import Provider


def test_secrets_that_end_soon_are_counted(provider: Provider) -> None:
    now = int(provider.clock().timestamp())
    for days in (3, 20, 90):
        metadata = ClientMetadata(
            profile="baseline",
            profile_until=now + 200 * 86400,
            token_endpoint_auth_method="client_secret_basic",
            secret_hash="0" * 64,
            secret_expires_at=now + days * 86400,
        )
        provider.register(metadata=metadata)
    told = provider.client.get("/metrics").text
    assert 'idp_client_secrets_expiring{days="30"} 2.0' in told
    assert 'idp_client_secrets_expiring{days="7"} 1.0' in told
    assert 'idp_client_exceptions_expiring{days="30"} 0.0' in told


def test_without_the_database_the_other_numbers_are_told(provider: Provider) -> None:
    with provider.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE client RENAME TO client_away")
    told = provider.client.get("/metrics")
    assert told.status_code == 200
    assert "idp_requests_total" in told.text
    assert "idp_client_secrets_expiring" not in told.text
