"""RFC 6749 §4.4 with RFC 8707, RFC 9396 and RFC 9068: a system asks for a token in its own name."""

import secrets
from typing import Any

from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant as AuthlibGrant

from idp.evidence.event import Evidence
from idp.grants.form_request import FormRequest
from idp.grants.sender_binding import DpopProofs, confirm_sender
from idp.grants.token_record import issued_event
from idp.protocol.access_token import Authorized, access_token_claims
from idp.protocol.authorization_details import granted_details
from idp.protocol.client import CLIENT_CREDENTIALS
from idp.protocol.resource import granted_resource
from idp.protocol.scope import granted_scope
from idp.token_keys import TokenKeys


def client_credentials(
    issuer: str, token_keys: TokenKeys, lifetime: int, proofs: DpopProofs, evidence: Evidence
) -> type[AuthlibGrant]:
    """The grant class for one app. ``lifetime`` of its tokens in seconds."""

    class ClientCredentialsGrant(AuthlibGrant):  # type: ignore[misc]  # Authlib has no types
        request: FormRequest

        def validate_requested_scope(self) -> None:
            """Authlib's last step of validation, after the client proved who it is."""
            form, client = self.request.strict_form, self.request.client
            if client is None:
                raise RuntimeError("validated before the client was authenticated")
            self.request.confirmation = confirm_sender(proofs, self.request, client, person=False)
            self.request.authorized = Authorized(
                scope=granted_scope(client, form.fields.get("scope")),
                resource=granted_resource(client, form.resources),
                details=granted_details(client, form.fields.get("authorization_details")),
            )

        def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
            """Not Authlib's, which logs the token."""
            client, authorized = self.request.client, self.request.authorized
            if client is None or authorized is None:
                raise RuntimeError("asked for a token before the request was validated")
            confirmation, now, jti = self.request.confirmation, self.request.moment, secrets.token_urlsafe(18)
            claims = access_token_claims(
                client,
                authorized,
                issuer=issuer,
                now=now,
                lifetime=lifetime,
                jti=jti,
                confirmation=confirmation,
            )
            body: dict[str, Any] = {
                "access_token": token_keys.sign(client.token_algorithm, claims),
                "token_type": confirmation.token_type,
                "expires_in": lifetime,
            }
            if authorized.scope:
                body["scope"] = authorized.scope
            if authorized.details:
                body["authorization_details"] = list(authorized.details)
            evidence.record(
                issued_event(
                    CLIENT_CREDENTIALS,
                    client_id=client.client_id,
                    jti=jti,
                    scope=authorized.scope,
                    resource=authorized.resource,
                    confirmation=confirmation,
                    now=now,
                )
            )
            return 200, body, []

    return ClientCredentialsGrant
