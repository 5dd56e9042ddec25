"""The scripts that prepare a start."""

import json
import re
import secrets
import subprocess
from pathlib import Path

import pytest
from antin_verify.settings import Settings as PageSettings
from desk.app import LARGEST_AT_ONCE
from desk.provider.client_key import load_client_key
from desk.settings import Settings as DeskSettings
from joserfc import jws
from joserfc.jwk import ECKey

from signsvc.settings import Settings

DOCKER = Path(__file__).parents[2] / "docker"

SCRIPTS = sorted(DOCKER.glob("*.sh"))


def _init(folder: Path) -> dict[str, bytes]:
    done = subprocess.run(
        [str(DOCKER / "init-secrets.sh"), str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_secret_of_compose_is_made_and_kept_on_repetition(tmp_path: Path) -> None:
    made = _init(tmp_path / "secrets")
    wanted = set(re.findall(r"secrets/([\w.-]+)\}", (DOCKER / "compose.yaml").read_text()))
    assert wanted <= set(made)
    assert all(made.values())
    assert _init(tmp_path / "secrets") == made
    assert len({made[name] for name in made if name.endswith("password")}) == 8
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    assert not set(_init(tmp_path / "a").values()) & set(_init(tmp_path / "b").values())


@pytest.mark.parametrize("name", ["admin-1", "admin-2", "client", "desk"])
def test_the_keys_it_makes_sign_and_verify(tmp_path: Path, name: str) -> None:
    made = _init(tmp_path)
    private = ECKey.import_key(json.loads(made[f"{name}.jwk"]))
    public = json.loads(made[f"{name}.public.jwk"])
    assert "d" not in public
    signed = jws.serialize_compact({"alg": "ES256"}, b"act", private)
    assert jws.deserialize_compact(signed, ECKey.import_key(public)).payload == b"act"


def test_the_desk_takes_the_key_that_is_made_for_it(tmp_path: Path) -> None:
    made = _init(tmp_path)
    registered = ECKey.import_key(json.loads(made["desk.public.jwk"]))
    assert load_client_key(tmp_path / "desk.jwk").kid == registered.thumbprint()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_executable_stops_at_the_first_fault_and_parses(script: Path) -> None:
    text = script.read_text()
    assert script.stat().st_mode & 0o111
    assert re.search(r"^set -eu$", text, re.MULTILINE)
    shell = "bash" if text.startswith("#!/bin/bash") else "sh"
    assert subprocess.run([shell, "-n", str(script)], check=False).returncode == 0


def test_secrets_named_like_a_variable_become_one_and_others_do_not() -> None:
    text = (DOCKER / "with-secrets.sh").read_text()
    assert "*[!A-Z0-9_]*) continue" in text
    assert text.rstrip().endswith('exec "$@"')


@pytest.mark.parametrize(
    ("port", "limit"),
    [
        (8442, Settings.model_fields["max_document"].default),
        (8443, PageSettings.model_fields["max_document"].default),
        (8444, LARGEST_AT_ONCE * DeskSettings.model_fields["max_document"].default),
    ],
)
def test_the_gateway_lets_through_what_a_service_takes(port: int, limit: int) -> None:
    _, _, server = (DOCKER / "gateway.conf").read_text().partition(f"listen {port} ssl;")
    server, _, _ = server.partition("location / {")
    (size,) = re.findall(r"client_max_body_size (\d+)m;", server)
    assert int(size) * 1024 * 1024 == limit + 1024 * 1024
    assert "proxy_request_buffering off;" in server


def test_the_gateways_log_keeps_no_secret_of_a_link() -> None:
    text = (DOCKER / "gateway.conf").read_text()
    (rule, shown) = re.findall(r'"~(\^\S+)" "(\S+)";\n    }\n    # The path alone', text)[0]
    assert '"path":"$path"' in text
    assert not re.search(
        r"\$(request|request_uri|args|query_string|http_\w+)\b", text.partition("access_log")[0]
    )
    secret = secrets.token_urlsafe(32)
    shown = re.sub(r"\$(\w+)", r"\\g<\1>", shown)
    for path in (
        "/approvals/%s",
        "/acts/%s",
        "/acts/%s.",
        "/login/invited/%s",
        "/v1/authorizations/%s/approve",
    ):
        assert secret not in re.sub(rule, shown, path % secret), path
    for path in ("/", "/v1/documents", f"/v1/documents/{secrets.token_hex(16)}/content"):
        assert re.sub(rule, shown, path) == path
    # What nginx says of an error quotes the request with its query.
    assert re.search(r"^error_log stderr (crit|alert|emerg);$", text, re.MULTILINE)


def test_the_gateway_hides_what_is_for_operators() -> None:
    servers = (DOCKER / "gateway.conf").read_text().split("    server {\n")[1:-1]
    assert len(servers) == 4
    for server in servers:
        assert "location ~ ^/(healthz|readyz|metrics)$ {\n            return 404;" in server


def test_the_gateway_replaces_what_a_caller_could_claim() -> None:
    text = (DOCKER / "gateway-proxy.conf").read_text()
    headers = dict(re.findall(r"^proxy_set_header (\S+) (.*);$", text, re.MULTILINE))
    assert headers["X-Request-Id"] == "$id"
    assert headers["X-Forwarded-For"] == "$remote_addr"
    for claim in ("Client-Cert", "Client-Cert-Chain", "X-SSL-Client-Verify", "X-Forwarded-Client-Cert"):
        assert headers[claim] == '""'
    # One proxy_set_header in a location would drop all of these for it.
    assert "proxy_set_header" not in (DOCKER / "gateway.conf").read_text()
