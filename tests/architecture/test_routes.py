"""Every route is listed here with who may call it: a new address shows in review."""

import json
from pathlib import Path
from typing import Any

import pytest
from desk.app import create_app as create_desk
from desk.settings import Settings as DeskSettings
from flask import Flask
from joserfc.jwk import ECKey

from idp.app import create_app as create_idp
from idp.settings import Settings as IdpSettings
from signsvc.app import create_app as create_signsvc
from signsvc.settings import Settings as SignsvcSettings
from signsvc.web.endpoints import declared_of

PUBLIC, CLIENT = "public", "private_key_jwt"

IDP = {
    "GET /.well-known/oauth-authorization-server": PUBLIC,
    "GET /.well-known/openid-configuration": PUBLIC,
    "GET /jwks": PUBLIC,
    "GET /static/<path:filename>": PUBLIC,
    "GET /bootstrap/static/<path:filename>": PUBLIC,
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": PUBLIC,
    "GET /authorize": PUBLIC,
    "POST /authorize": PUBLIC,
    "GET /authorize/resume/<journey_id>": PUBLIC,
    "GET /account-choice/<journey_id>": PUBLIC,  # session and journey cookies
    "POST /account-choice/<journey_id>": PUBLIC,  # and the form token
    "GET /consent/<journey_id>": PUBLIC,  # session and journey cookies
    "POST /consent/<journey_id>": PUBLIC,  # and the form token
    # The login pages: the journey's cookie, and the form token for whatever is posted.
    "GET /login/<journey_id>": PUBLIC,
    "POST /login/<journey_id>/password": PUBLIC,
    "POST /login/<journey_id>/totp": PUBLIC,
    "POST /login/<journey_id>/recovery": PUBLIC,
    "POST /login/<journey_id>/passkey/options": PUBLIC,
    "POST /login/<journey_id>/passkey": PUBLIC,
    "POST /login/<journey_id>/certificate": PUBLIC,
    "POST /login/<journey_id>/enrol/options": PUBLIC,
    "POST /login/<journey_id>/enrol": PUBLIC,
    "POST /login/<journey_id>/continue": PUBLIC,
    "GET /login/invited/<token>": PUBLIC,
    "GET /login/<journey_id>/mandate": PUBLIC,
    "POST /login/<journey_id>/mandate": PUBLIC,
    "POST /login/<journey_id>/upstream/<name>": PUBLIC,
    "GET /callback/<name>": PUBLIC,  # the transaction's cookie and state
    "POST /login/<journey_id>/cancel": PUBLIC,
    "POST /login/<journey_id>/restart": PUBLIC,
    "GET /kiosk": PUBLIC,
    "POST /kiosk": PUBLIC,
    # My account: a session, and the form token for whatever is posted.
    "GET /account": "session",
    "GET /account/sessions": "session",
    "POST /account/sessions/end": "session",
    "POST /account/sessions/end-others": "session",
    "GET /account/services": "session",
    "POST /account/services/revoke": "session",
    "GET /account/factors": "fresh session",
    "POST /account/factors/passkey/options": "fresh session",
    "POST /account/factors/<any(password, totp, passkey, certificate, recovery):kind>": "fresh session",
    "POST /account/factors/prove": "fresh session",
    "POST /account/factors/change": "fresh session",
    "GET /account/history": "session",
    "POST /account/history/disown": "session",
    "POST /par": CLIENT,
    "POST /token": CLIENT,
    "POST /introspect": CLIENT,
    "POST /revoke": CLIENT,
    # further names of /authorize, /par, /token and /revoke, as the CSC API builds them
    "GET /oauth2/authorize": PUBLIC,
    "POST /oauth2/authorize": PUBLIC,
    "POST /oauth2/pushed_authorize": CLIENT,
    "POST /oauth2/token": CLIENT,
    "POST /oauth2/revoke": CLIENT,
    "POST /device_authorization": CLIENT,
    "GET /device": PUBLIC,
    "POST /device": PUBLIC,
    "GET /device/callback": PUBLIC,
    "GET /userinfo": "access token",
    "POST /userinfo": "access token",
    "GET /logout": PUBLIC,
    "POST /logout": PUBLIC,
    "POST /logout/confirm": "form token",
    "GET /logout/done": PUBLIC,
    "GET /admin/logout-deliveries": "administrator",
    "POST /admin/logout-deliveries/<client_id>": "administrator",
    "GET /admin/kpi": "administrator",
    "GET /admin/passkey-invitations": "administrator",
    "POST /admin/passkey-invitations": "administrator",
    "POST /register": "initial access token",
    "GET /register/<client_id>": "registration access token",
    "PUT /register/<client_id>": "registration access token",
    "DELETE /register/<client_id>": "registration access token",
    "GET /errors": PUBLIC,
    "GET /integrators": "administrator",
    "GET /integrators/clients/<client_id>": "administrator",
    "POST /integrators/clients/<client_id>/secret": "administrator",
    "POST /integrators/clients/<client_id>/<any(disable, enable):act>": "administrator",
    "GET /integrators/clients/<client_id>/self-test": "administrator",
    "POST /integrators/clients/<client_id>/self-test": "administrator",
    "POST /integrators/clients/<client_id>/self-test/end": "administrator",
    "POST /integrators/invitations": "administrator",
    "POST /integrators/invitations/<token_id>/end": "administrator",
    "GET /admin/v1/openapi.json": PUBLIC,
    "GET /scim/v2/openapi.json": PUBLIC,
    "GET /admin/v1/clients": "admin",
    "POST /admin/v1/clients": "admin",
    "PUT /admin/v1/clients/<client_id>": "admin",
    "GET /admin/v1/clients/<client_id>/findings": "admin",
    "GET /admin/v1/clients/<client_id>": "admin",
    "GET /admin/v1/clients/<client_id>/self-test": "admin",
    "POST /admin/v1/clients/<client_id>/secret": "admin",
    "POST /admin/v1/clients/<client_id>/<any(disable, enable):act>": "admin",
    "GET /scim/v2/ServiceProviderConfig": PUBLIC,
    "GET /scim/v2/<any(Schemas, ResourceTypes):kind>": PUBLIC,
    "GET /scim/v2/<any(Schemas, ResourceTypes):kind>/<name>": PUBLIC,
    "GET /scim/v2/<any(Users, Groups):kind>": "scim",
    "POST /scim/v2/<any(Users, Groups):kind>": "scim",
    "POST /scim/v2/<any(Users, Groups):kind>/.search": "scim",
    "GET /scim/v2/<any(Users, Groups):kind>/<resource_id>": "scim",
    "PUT /scim/v2/<any(Users, Groups):kind>/<resource_id>": "scim",
    "PATCH /scim/v2/<any(Users, Groups):kind>/<resource_id>": "scim",
    "DELETE /scim/v2/<any(Users, Groups):kind>/<resource_id>": "scim",
    "POST /scim/v2/Bulk": "scim",
    "POST /scim/v2/.search": "scim",
    "GET /scim/v2/<path:unknown>": "scim",
    "POST /transactions": "transactions",
}

SIGNSVC = {
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": PUBLIC,
    "GET /openapi.json": PUBLIC,
    "POST /v1/verify": PUBLIC,
    "GET /v1/verify/digests/<sha256>": PUBLIC,  # a digest that cannot be guessed
    "GET /v1/journal/checkpoint": PUBLIC,
    "GET /v1/journal/entries": PUBLIC,  # digests and ids, for everybody to check
    "GET /v1/journal/receipts/<leaf_index>": PUBLIC,
    "GET /v1/credentials": "sign",
    "POST /v1/documents": "sign",
    "GET /v1/documents": "sign",
    "GET /v1/documents/<id>": "sign",
    "DELETE /v1/documents/<id>": "sign",
    "GET /v1/documents/<id>/content": "sign",
    "POST /v1/signatures": "sign",
    "GET /v1/signatures/<id>": "sign",
    "POST /v1/signatures/<id>/complete": "sign",
    "GET /v1/signatures/<id>/content": "sign",
    "GET /v1/signatures/<id>/receipt": "sign",
    "POST /v1/sign": "sign",
    "POST /v1/hashes/sign": "sign",
    "POST /v1/timestamp": "sign",
    "GET /v1/authorizations/<handle>": "sign",
    "POST /v1/authorizations/<handle>": "sign",
    "GET /csc/v1/info": PUBLIC,
    "POST /csc/v1/info": PUBLIC,
    "GET /csc/v2/info": PUBLIC,
    "POST /csc/v2/info": PUBLIC,
    **{
        f"POST /csc/{version}/{method}": "service"
        for version in ("v1", "v2")
        for method in (
            "credentials/list", "credentials/info", "credentials/authorize", "credentials/authorizeCheck",
            "credentials/getChallenge", "credentials/extendTransaction", "signatures/signHash",
            "signatures/signPolling", "signatures/timestamp", "credentials/sendOTP", "auth/revoke",
        )
    },
    "POST /csc/v2/signatures/signDoc": "service",
    "POST /csc/v1/auth/login": PUBLIC,  # with the client's own secret
    "POST /v1/approvals": "approvals",
    "GET /v1/approvals/<handle>": "approvals",
    "GET /approvals/<handle>": PUBLIC,  # who has the handle may look; approving takes the holder's proof
    "POST /approvals/<handle>": PUBLIC,
    "GET /approvals/assets/<name>": PUBLIC,
    "GET /acts/<handle>": PUBLIC,  # as the approvals'
    "POST /acts/<handle>": PUBLIC,
}  # fmt: skip

DESK = {
    "GET /static/<path:filename>": PUBLIC,
    "GET /bootstrap/static/<path:filename>": PUBLIC,
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /": PUBLIC,  # the list, to whoever is logged in; what this is, to everybody else
    "GET /login": PUBLIC,
    "GET /callback": PUBLIC,  # the login's own cookie and state
    "POST /logout": "form token",
    "GET /logged-out": PUBLIC,
    "POST /backchannel-logout": PUBLIC,  # the provider's signature
    # The person's own documents: a session, and the form token for whatever is posted.
    "GET /upload": "session",
    "POST /upload": "session",
    "GET /documents/<document_id>": "session",
    "GET /documents/<document_id>/pages/<int:number>.png": "session",
    "GET /documents/<document_id>/signed.pdf": "session",
    "GET /documents/<document_id>/receipt.json": "session",
    "POST /documents/<document_id>/verify": "session",
    "POST /sign": "session",
    "GET /approved": "session",  # and the approval's state
    "GET /batches/<batch_id>": "session",
    "GET /my-keys": "session",
}


def _routes(app: Flask) -> dict[str, str]:
    return {
        f"{method} {rule.rule}": rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


@pytest.fixture
def signsvc(tmp_path: Path) -> Any:
    return create_signsvc(SignsvcSettings(documents_dir=tmp_path))


def test_the_identity_providers_routes_are_these() -> None:
    assert _routes(create_idp(IdpSettings())).keys() == IDP.keys()


@pytest.mark.parametrize("route", [route for route, who in IDP.items() if who == CLIENT])
def test_a_route_for_clients_refuses_everybody_else(route: str) -> None:
    method, path = route.split()
    answer = create_idp(IdpSettings()).test_client().open(path, method=method, data={"token": "x"})
    assert answer.status_code in (400, 401)
    assert answer.get_json()["error"] in ("invalid_client", "invalid_request")


def test_the_signing_services_routes_are_these_each_with_its_authentication(signsvc: Flask) -> None:
    declared = {
        route: declared_of(signsvc, endpoint).authentication.scope or PUBLIC
        for route, endpoint in _routes(signsvc).items()
    }
    assert declared == SIGNSVC


@pytest.mark.parametrize("route", [route for route, who in SIGNSVC.items() if who != PUBLIC])
def test_a_route_with_a_scope_refuses_whoever_has_no_token(signsvc: Flask, route: str) -> None:
    method, path = route.split()
    path = path.replace("<id>", "0" * 32).replace("<leaf_index>", "0").replace("<handle>", "0" * 43)
    answer = signsvc.test_client().open(path, method=method)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]


@pytest.fixture
def desk(tmp_path: Path) -> Flask:
    """Nothing that it stands on is there: who has no session is turned away before anything is asked."""
    key = ECKey.generate_key("P-256", {"kid": "desk"})
    (tmp_path / "desk.jwk").write_text(json.dumps(key.as_dict(private=True)))
    return create_desk(
        DeskSettings(client_key_file=tmp_path / "desk.jwk", database_url=f"sqlite:///{tmp_path}/desk")
    )


def test_the_desks_routes_are_these(desk: Flask) -> None:
    assert _routes(desk).keys() == DESK.keys()


@pytest.mark.parametrize("route", [route for route, who in DESK.items() if who == "session"])
def test_a_page_of_the_desk_turns_away_whoever_is_not_logged_in(desk: Flask, route: str) -> None:
    method, path = route.split()
    desk.config["WTF_CSRF_ENABLED"] = False
    path = path.replace("<int:number>", "0").replace("<document_id>", "0" * 32)
    answer = desk.test_client().open(path, method=method)
    if method == "GET":
        assert (answer.status_code, answer.location.split("?")[0]) == (303, "/login")
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize("route", [route for route in DESK if route.startswith("POST")])
def test_the_desk_takes_nothing_that_is_posted_without_a_token(desk: Flask, route: str) -> None:
    answer = desk.test_client().post(route.split()[1].replace("<document_id>", "0" * 32))
    assert answer.status_code == 400


def test_two_apps_live_in_one_process(tmp_path: Path) -> None:
    apps = [create_signsvc(SignsvcSettings(documents_dir=tmp_path / name)) for name in "ab"]
    assert _routes(apps[0]) == _routes(apps[1])
