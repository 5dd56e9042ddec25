"""POST /device_authorization (RFC 8628 §3.1): a device without a browser begins."""

from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from idp.errors import InvalidTarget, UnauthorizedClient
from idp.grants.form_request import FormRequest
from idp.protocol.authorization_details import granted_details
from idp.protocol.client import DEVICE_CODE
from idp.protocol.scope import granted_scope
from idp.protocol.user_code import shown_user_code
from idp.services import Services
from idp.store.device_codes import INTERVAL_SECONDS, LIVE_SECONDS
from idp.web.answer import json_answer
from idp.web.form import read_form


def device_authorization_endpoint(services: Services) -> Blueprint:
    """Authentication: the client, by the method it registered."""
    blueprint = Blueprint("device_authorization", __name__)

    @blueprint.post("/device_authorization")
    def device_authorization() -> Response:
        form = read_form(request, services.clock())
        client = services.server.authenticate_device_client(FormRequest(form))
        g.client_id = client.client_id
        if not client.check_grant_type(DEVICE_CODE):
            raise UnauthorizedClient(detail="grant_type")
        if not set(form.resources) <= set(client.resources):
            raise InvalidTarget("This client is not registered for that resource.", detail="not registered")
        device_code, user_code = services.tokens.device_codes.issue(
            client.client_id,
            granted_scope(client, form.fields.get("scope")),
            tuple(dict.fromkeys(form.resources)),
            tuple(granted_details(client, form.fields.get("authorization_details"))),
        )
        page, shown = f"{services.settings.issuer}/device", shown_user_code(user_code)
        return json_answer(
            200,
            {
                "device_code": device_code,
                "user_code": shown,
                "verification_uri": page,
                "verification_uri_complete": f"{page}?{urlencode({'user_code': shown})}",
                "expires_in": LIVE_SECONDS,
                "interval": INTERVAL_SECONDS,
            },
        )

    return blueprint
