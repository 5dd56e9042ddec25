"""The simulators' endpoints."""

import time
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, abort, jsonify, render_template, request

from upstreams.claims import claims_of, subject_of
from upstreams.misbehaviour import Switch
from upstreams.people import PEOPLE, find
from upstreams.tokens import CODE_SECONDS, Grant, Signer, Store

SLOW_SECONDS = 10.0
TITLES = {"npsp": "Cổng Dịch vụ công quốc gia (MÔ PHỎNG)", "vneid": "VNeID (MÔ PHỎNG)"}


def create_app(base_url: str, client_id: str, client_secret: str, *, misbehave: bool = False) -> Flask:
    """``client_id``, ``client_secret``: of the one relying party; any redirect_uri of it is taken."""
    app = Flask("upstreams", template_folder="templates", root_path=__file__.rpartition("/")[0])
    switch, signer = Switch(), Signer()

    @app.before_request
    def fail() -> None:
        if request.path == "/misbehave":
            return
        if switch.fault == "down":
            abort(503)
        if switch.fault == "slow":
            time.sleep(SLOW_SECONDS)

    @app.get("/healthz")
    def health() -> Response:
        return jsonify(status="ok")

    if misbehave:

        @app.route("/misbehave", methods=["PUT", "DELETE"])
        def change() -> Response:
            body = request.get_json(silent=True) or {}
            try:
                switch.set(str(body.get("fault", "")) if request.method == "PUT" else "")
            except ValueError as error:
                abort(400, str(error))
            return jsonify(fault=switch.fault)

    for system, paths in (
        ("npsp", ("/oauth2/authorize", "/oauth2/token", "/oauth2/userinfo")),
        ("vneid", ("/auth", "/token", "/api/idp/third-party/view-info")),
    ):
        issuer = f"{base_url}/{system}"
        app.register_blueprint(
            _system(system, issuer, paths, (client_id, client_secret), switch, signer),
            url_prefix=f"/{system}",
        )
    return app


def _system(
    system: str,
    issuer: str,
    paths: tuple[str, str, str],
    client: tuple[str, str],
    switch: Switch,
    signer: Signer,
) -> Blueprint:
    blueprint = Blueprint(system, __name__)
    store = Store()
    authorize_path, token_path, userinfo_path = paths

    @blueprint.route(authorize_path, methods=["GET", "POST"])
    def authorize() -> Response | str:
        asked = request.args
        if asked.get("client_id") != client[0] or not asked.get("redirect_uri"):
            abort(400, "unknown client, or no redirect_uri")
        if request.method == "GET":
            return render_template("login.html", people=PEOPLE, title=TITLES[system])
        person = find(request.form.get("person", ""))
        answer = {"state": asked.get("state", ""), "iss": issuer}
        if person is None or switch.fault == "denied":
            answer["error"] = "access_denied"
        else:
            grant = Grant(
                person,
                asked["redirect_uri"],
                asked.get("nonce", ""),
                asked.get("code_challenge", ""),
                time.time() + CODE_SECONDS,
            )
            answer["code"] = store.issue(grant)
        if switch.fault == "wrong_state":
            answer["state"] = "x" * 43
        if switch.fault == "no_state":
            del answer["state"]
        if switch.fault == "other_iss":
            answer["iss"] = "https://other.example.vn"
        return Response(status=303, headers={"Location": f"{asked['redirect_uri']}?{urlencode(answer)}"})

    @blueprint.post(token_path)
    def token() -> Response | tuple[Response, int]:
        if switch.fault == "token_500":
            abort(500)
        form = request.form
        if (form.get("client_id"), form.get("client_secret", "")) != client:
            return jsonify(error="invalid_client"), 401
        grant = store.redeem(
            form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", "")
        )
        if grant is None:
            return jsonify(error="invalid_grant"), 400
        if switch.fault == "not_json":
            return Response("<html>OK</html>")
        access = store.new_token(grant.person)
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        if system == "npsp":
            subject = subject_of(system, grant.person)
            answer["id_token"] = signer.id_token(issuer, client[0], subject, grant, access, switch.fault)
        return jsonify(answer)

    @blueprint.get(userinfo_path)
    def userinfo() -> Response:
        if switch.fault == "userinfo_500":
            abort(500)
        header = request.headers.get("Authorization", "").removeprefix("Bearer ")
        person = store.person_of(request.args.get("token_id", "") if system == "vneid" else header)
        if person is None:
            abort(401)
        return jsonify(claims_of(system, person, switch.fault))

    @blueprint.get("/oidc/logout")
    def logout() -> Response:
        asked = request.args
        if asked.get("client_id") != client[0] or not asked.get("post_logout_redirect_uri"):
            abort(400, "unknown client, or no post_logout_redirect_uri")
        return Response(status=303, headers={"Location": asked["post_logout_redirect_uri"]})

    @blueprint.get("/oauth2/jwks")
    def jwks() -> Response:
        return jsonify(signer.jwks())

    return blueprint
