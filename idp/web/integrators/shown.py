"""A registered client as administrators see it: everything but what opens something."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from idp.protocol.registration.information import client_information
from idp.registration.lint import Finding
from idp.store.clients import Registration


def shown_client(registration: Registration, findings: Sequence[Finding]) -> dict[str, Any]:
    """The JSON of /admin/v1/clients: RFC 7591's words, and what only administrators see."""
    metadata = registration.metadata
    return client_information(
        registration.client_id, registration.name, registration.scopes, registration.jwks, metadata
    ) | {
        "state": registration.state,
        "contact": registration.contact,
        "resources": list(registration.resources),
        "credential_ids": list(registration.credential_ids),
        "introspects": list(registration.introspects),
        "client_secret_expires_at": metadata.secret_expires_at if metadata.secret_hash else None,
        "findings": [asdict(each) for each in findings],
    }
