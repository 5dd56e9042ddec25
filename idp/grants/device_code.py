"""RFC 8628 §3.4: a device asks whether the person has said yes, on their own telephone or PC."""

from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin

from idp.errors import InvalidGrant, InvalidRequest, UnauthorizedClient
from idp.grants.form_request import FormRequest
from idp.grants.narrowing import narrow
from idp.grants.person_tokens import PersonTokens
from idp.grants.sender_binding import DpopProofs, confirm_sender
from idp.protocol.client import DEVICE_CODE, Client
from idp.store.codes import family_of
from idp.store.device_codes import DeviceCodes
from idp.store.sessions import Sessions

MAX_CODE = 128


class RedeemDeviceCode:
    """The act, apart from Authlib. Raises AuthorizationPending, SlowDown, AccessDenied, ExpiredToken."""

    def __init__(
        self,
        *,
        issuer: str,
        device_codes: DeviceCodes,
        proofs: DpopProofs,
        tokens: PersonTokens,
        sessions: Sessions,
    ) -> None:
        self._issuer = issuer
        self._device_codes = device_codes
        self._proofs = proofs
        self._tokens = tokens
        self._sessions = sessions

    def __call__(self, request: FormRequest, client: Client) -> dict[str, Any]:
        code, now = request.form.get("device_code", ""), request.moment
        if not code or len(code) > MAX_CODE:
            raise InvalidRequest("device_code is missing or too long.", detail="device_code")
        # The key first: the answer is handed out once, and must not be lost to a bad proof.
        confirmation = confirm_sender(self._proofs, request, client, person=True)
        authorization = self._device_codes.collect(code, client.client_id)
        if self._sessions.has_ended(authorization.authentication.session_id, now):
            raise InvalidGrant(detail="session ended")
        return self._tokens.issue_first(
            client,
            authorization,
            confirmation,
            wanted=narrow(request, client, authorization, self._issuer),
            family_id=family_of(code),
            grant_type=DEVICE_CODE,
            now=now,
        )


def device_code(redeem: RedeemDeviceCode) -> type[BaseGrant]:
    """The grant class for one app."""

    class DeviceCodeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # Authlib has no types
        GRANT_TYPE = DEVICE_CODE

        def validate_token_request(self) -> None:
            client = self.authenticate_token_endpoint_client()
            if not client.check_grant_type(DEVICE_CODE):
                raise UnauthorizedClient(detail="grant_type")

        def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
            return 200, redeem(self.request, self.request.client), []

    return DeviceCodeGrant
