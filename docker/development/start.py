"""`make run`: everything at once on this machine, with demo data that says MẪU.

Safe to repeat: what exists under run/ is kept. One process manager, one log; Ctrl-C stops all of it.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from banner import BANNER
from demo_desk import CLIENT as DESK_CLIENT
from demo_desk import DESK, add_desk
from demo_people import add_demo_people
from govern import govern
from honcho.manager import Manager
from honcho.printer import Printer
from joserfc.jwk import ECKey

ROOT = Path(__file__).parents[2]
RUN = Path("run")  # short on purpose: a unix socket's path has 107 bytes at most
DEVCA, SIGNSVC = "http://127.0.0.1:8085", "http://127.0.0.1:8082"
# By name: a passkey belongs to a host name, never to an address of digits.
IDP, UPSTREAMS, APPROVALS = "http://localhost:8081", "http://localhost:8087", "http://localhost:8082"
VERIFY = "http://localhost:8088"
REDIS_PORT = "8079"
CLIENT = "mot-cua-mau"
PORTS = {
    "idp": 8081, "signsvc": 8082, "devca": 8085, "redis": int(REDIS_PORT), "hsm metrics": 8086,
    "upstreams": 8087, "verify": 8088, "desk": 8080,
}  # fmt: skip

ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "SOFTHSM2_CONF": str(ROOT / RUN / "softhsm2.conf"),
    "HSM_DATABASE_URL": f"sqlite:///{RUN}/hsm.sqlite3",
    "HSM_PIN_FILE": f"{RUN}/secrets/pin",
    "HSM_SIGNSVC__ADDRESS": f"unix:{RUN}/hsm-signsvc.sock",
    "HSM_IDP__ADDRESS": f"unix:{RUN}/hsm-idp.sock",
    "HSM_ADMIN__ADDRESS": f"unix:{RUN}/hsm-admin.sock",
    "HSM_LAST_CHECKPOINT_FILE": f"{RUN}/last-checkpoint",
    "HSM_TRUST_ANCHORS": f"{RUN}/anchors.pem",
    "HSM_TRAINING": "accept",
    "HSM_SOFTWARE_ADMINISTRATION": "accept",
    # Acts are approved on the signing service's pages, and the desk's, never where people log in.
    "HSM_WEBAUTHN_RP_ID": "localhost",
    "HSM_WEBAUTHN_ORIGINS": json.dumps([APPROVALS, "http://localhost:8080"]),
    "HSM_METRICS_ADDRESS": "127.0.0.1:8086",
    "HSM_PUBLISH_DIR": f"{RUN}/journal",
    "HSM_TSA_URLS": json.dumps([f"{DEVCA}/tsa"]),
    "HSM_TSA_TRUST_ANCHORS": f"{RUN}/anchors.pem",
    "HSM_ISSUER": IDP,
    "HSM_SIGNING_RESOURCE": SIGNSVC,
    "IDP_ISSUER": IDP,
    "IDP_DATABASE_URL": f"sqlite:///{RUN}/idp.sqlite3",
    "IDP_COOKIE_KEYS_FILE": f"{RUN}/secrets/idp-cookie-keys",
    "IDP_DIRECTORY_KEYS_FILE": f"{RUN}/secrets/idp-directory-keys",
    "IDP_UPSTREAMS_FILE": f"{RUN}/upstreams.toml",
    # Whoever tries out a passkey here wants to log in with it now, not tomorrow.
    "IDP_FACTOR_WAIT_SECONDS": "0",
    "IDP_REDIS_URL": f"redis://127.0.0.1:{REDIS_PORT}/0",
    "IDP_KEY_PROCESS": f"unix:{RUN}/hsm-idp.sock",
    "IDP_SIGNING_SERVICE": SIGNSVC,
    "SIGNSVC_DATABASE_URL": f"sqlite:///{RUN}/signsvc.sqlite3",
    "SIGNSVC_REDIS_URL": f"redis://127.0.0.1:{REDIS_PORT}/1",
    "SIGNSVC_KEY_PROCESS": f"unix:{RUN}/hsm-signsvc.sock",
    "SIGNSVC_DOCUMENTS_DIR": f"{RUN}/documents",
    "SIGNSVC_ISSUER": IDP,
    "SIGNSVC_RESOURCE": SIGNSVC,
    "SIGNSVC_APPROVAL_URL": APPROVALS,
    "SIGNSVC_TSA_URLS": json.dumps([f"{DEVCA}/tsa"]),
    "SIGNSVC_TRUST_ANCHORS": f"{RUN}/anchors.pem",
    "SIGNSVC_TSA_TRUST_ANCHORS": f"{RUN}/anchors.pem",
    "DESK_BASE_URL": DESK,
    "DESK_ISSUER": IDP,
    "DESK_CLIENT_ID": DESK_CLIENT,
    "DESK_CLIENT_KEY_FILE": f"{RUN}/secrets/{DESK_CLIENT}.jwk",
    "DESK_RESOURCE": SIGNSVC,
    "DESK_APPROVAL_URL": APPROVALS,
    "DESK_DATABASE_URL": f"sqlite:///{RUN}/desk.sqlite3",
    "DESK_REDIS_URL": f"redis://127.0.0.1:{REDIS_PORT}/2",
    "VERIFY_SIGNING_SERVICE": SIGNSVC,
    "VERIFY_PUBLIC_URL": VERIFY,
    "VERIFY_KEPT_DIR": f"{RUN}/verify",
}


def main() -> int:
    os.chdir(ROOT)
    os.environ.update(ENVIRONMENT)
    _check_ports()
    _make_secrets()
    _python("-m", "devca", "init", "--dir", f"{RUN}/devca", "--base-url", DEVCA)
    (RUN / "anchors.pem").write_bytes((RUN / "devca" / "root.pem").read_bytes())
    transcript = _ceremony()
    _python("-m", "idp", "migrate")
    _python("-m", "signsvc", "migrate")
    _python("-m", "desk", "migrate")
    _configure_upstreams()
    logins = add_demo_people()

    manager = Manager(Printer(sys.stdout, colour=sys.stdout.isatty()))
    for name, command in _commands().items():
        manager.add_process(name, command, env={**os.environ})
    announcer = threading.Thread(target=_announce, args=(manager, transcript, logins), daemon=True)
    announcer.start()
    manager.loop()
    # Ctrl-C is how this is meant to end; honcho counts it as a failure.
    return 0 if manager.returncode == 128 + signal.SIGINT else int(manager.returncode or 0)


def _commands() -> dict[str, str]:
    python = sys.executable
    return {
        "redis": f"redis-server --port {REDIS_PORT} --bind 127.0.0.1 --save '' --loglevel warning",
        "devca": f"{python} -m devca serve --dir {RUN}/devca --base-url {DEVCA} --port 8085",
        "hsm": f"{python} -m hsm serve",
        "idp": f"{python} -m idp serve",
        "upstreams": f"{python} -m upstreams serve --port 8087 --base-url {UPSTREAMS} "
        f"--secret-file {RUN}/secrets/upstreams",
        "idp worker": f"{python} -m idp worker",
        "signsvc": f"{python} -m signsvc serve",
        "worker": f"{python} -m signsvc worker",
        "verify": f"{python} -m antin_verify serve",
        "desk": f"{python} -m desk serve",
    }


def _check_ports() -> None:
    taken = []
    for name, port in PORTS.items():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                taken.append(f"{port} ({name})")
    if taken:
        sys.exit(
            f"Cổng đã có chương trình khác dùng: {', '.join(taken)}. Hãy dừng chương trình đó rồi chạy lại.\n"
            f"These ports are taken: {', '.join(taken)}. Stop what uses them and run again."
        )


def _make_secrets() -> None:
    folder = RUN / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("so-pin", "pin", "vault-pin", "upstreams"):
        if not (folder / name).exists():
            _write_private(folder / name, secrets.token_hex(16))
    for name in ("admin-1", "admin-2", CLIENT, DESK_CLIENT):
        if not (folder / f"{name}.jwk").exists():
            key = ECKey.generate_key("P-256")
            _write_private(folder / f"{name}.jwk", json.dumps(key.as_dict(private=True)))
            (folder / f"{name}.public.jwk").write_text(json.dumps(key.as_dict(private=False)))


def _configure_upstreams() -> None:
    """The simulators as the national systems; their client secret is in run/secrets."""
    (RUN / "upstreams.toml").write_text(
        "".join(
            f'[{name}]\nclient_id = "an-tin"\nclient_secret_file = "secrets/upstreams"\n'
            f'issuer = "{UPSTREAMS}/{name}"\n'
            f'authorization_endpoint = "{UPSTREAMS}/{name}{authorize}"\n'
            f'token_endpoint = "{UPSTREAMS}/{name}{token}"\n'
            f'userinfo_endpoint = "{UPSTREAMS}/{name}{userinfo}"\n'
            f'end_session_endpoint = "{UPSTREAMS}/{name}/oidc/logout"\n'
            + (f'jwks_uri = "{UPSTREAMS}/npsp/oauth2/jwks"\n' if name == "npsp" else "")
            for name, authorize, token, userinfo in (
                ("npsp", "/oauth2/authorize", "/oauth2/token", "/oauth2/userinfo"),
                ("vneid", "/auth", "/token", "/api/idp/third-party/view-info"),
            )
        )
    )


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _ceremony() -> dict[str, Any]:
    admins = "".join(
        f'[[admins]]\nid = "quan-tri-{n}"\nname = "Quản trị MẪU {n}"\n'
        f'jwk = "{RUN}/secrets/admin-{n}.public.jwk"\n'
        for n in (1, 2)
    )
    (RUN / "ceremony.toml").write_text(
        '[token]\nvendor = "softhsm"\nmodule = "/usr/lib/softhsm/libsofthsm2.so"\nlabel = "an-tin"\n'
        f'softhsm_conf = "{RUN}/softhsm2.conf"\n'
        f'so_pin_file = "{RUN}/secrets/so-pin"\npin_file = "{RUN}/secrets/pin"\n'
        f'[vault]\nlabel = "an-tin-vault"\npin_file = "{RUN}/secrets/vault-pin"\n'
        f'[journal]\norigin = "antin.local/journal"\n[store]\ndatabase_url = "sqlite:///{RUN}/hsm.sqlite3"\n'
        f'[keks]\npersonal = "kek-1"\n{admins}'
    )
    held = _python(
        "-m", "hsm", "--json", "ceremony", f"{RUN}/ceremony.toml", "--transcript", f"{RUN}/transcript.json"
    )
    transcript: dict[str, Any] = json.loads(held)
    return transcript


def _announce(manager: Manager, transcript: dict[str, Any], logins: list[dict[str, str]]) -> None:
    try:
        _wait_for("http://127.0.0.1:8086/readyz")
        _wait_for(f"{DEVCA}/readyz")
        credential_id = _enrol()
        _configure_command(credential_id, transcript["journal_verifier_key"])
        _wait_for(f"{IDP}/readyz")
        _wait_for(f"{SIGNSVC}/readyz")
        _wait_for(f"{VERIFY}/readyz")
        _wait_for(f"{DESK}/readyz")
    except Exception as error:  # noqa: BLE001 -- whatever it is, the person at the terminal must see it
        print(f"\nKhông khởi động được / did not start: {error}\n", flush=True)
        manager.terminate()
        return
    people = "\n".join(
        f"   {login['username']:<14}{login['password']:<20}{login['name']}" for login in logins
    )
    print(
        BANNER.format(desk=DESK, idp=IDP, signsvc=SIGNSVC, devca=DEVCA, verify=VERIFY, people=people),
        flush=True,
    )


def _enrol() -> str:
    """The demo's keys and client, once; their ids are kept in run/enrolled.json."""
    kept = RUN / "enrolled.json"
    enrolled: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}

    def keep(name: str, what: str) -> None:
        enrolled[name] = what
        kept.write_text(json.dumps(enrolled))

    admins = ("quan-tri-1", "quan-tri-2")
    govern(ENVIRONMENT["HSM_ADMIN__ADDRESS"], RUN / "secrets", admins, enrolled, keep)
    for profile in ("oidc-token", "oidc-token-rs256"):
        if profile not in enrolled:
            made = _perform(
                "create_credential",
                {"profile": profile, "holder": "idp", "description": "Khóa ký token MẪU", "training": True},
            )
            _perform("activate_credential", {"credential_id": made["credential_id"]})
            enrolled[profile] = made["credential_id"]
            kept.write_text(json.dumps(enrolled))
    public = json.loads((RUN / "secrets" / f"{CLIENT}.public.jwk").read_text())
    if "client" not in enrolled:
        enrolled["client"] = _perform("register_client_key", {"client_id": CLIENT, "jwk": public})["kid"]
        kept.write_text(json.dumps(enrolled))
    if "seal" not in enrolled:
        subject = {"CN": "Con dấu MẪU - UBND tỉnh MẪU", "O": "UBND tỉnh MẪU", "C": "VN"}
        made = json.loads(
            _python(
                "-m", "hsm", "--json", "enrol", "--authority", "devca", "--profile", "service-seal",
                "--holder", CLIENT, "--description", "Con dấu MẪU của một cửa", "--url", DEVCA,
                "--subject", json.dumps(subject), *_approvers(),
            )
        )  # fmt: skip
        enrolled["seal"] = made["credential_id"]
        kept.write_text(json.dumps(enrolled))
    _python(
        "-m", "idp", "clients", "add", CLIENT, "--replace", "--name", "Một cửa MẪU", "--scope", "sign",
        "--resource", SIGNSVC, "--credential", enrolled["seal"],
        "--jwks", f"{RUN}/secrets/{CLIENT}.public.jwk",
    )  # fmt: skip
    add_desk(
        SIGNSVC, enrolled, keep, perform=_perform, python=_python, approvers=_approvers(), authority=DEVCA
    )
    return enrolled["seal"]


def _perform(action: str, parameters: dict[str, Any]) -> dict[str, Any]:
    answer = _python(
        "-m",
        "hsm",
        "--json",
        "perform",
        "--action",
        action,
        "--parameters",
        json.dumps(parameters),
        *_approvers(),
    )
    result: dict[str, Any] = json.loads(answer)
    return result


def _approvers() -> list[str]:
    keys = [f"{RUN}/secrets/admin-{n}.jwk" for n in (1, 2)]
    return ["--key", keys[0], "--key", keys[1], "--socket", ENVIRONMENT["HSM_ADMIN__ADDRESS"]]


def _configure_command(credential_id: str, verifier_key: str) -> None:
    (RUN / "antin.toml").write_text(
        'default_profile = "mau"\n\n[profiles.mau]\n'
        f'base_url = "{SIGNSVC}"\nissuer = "{IDP}"\nclient_id = "{CLIENT}"\n'
        f'key_file = "secrets/{CLIENT}.jwk"\ncredential_id = "{credential_id}"\n'
        f'verifier_key = "{verifier_key}"\n'
    )
    (RUN / "env").write_text(
        f'export ANTIN_CONFIG="{ROOT / RUN / "antin.toml"}"\nexport PATH="{ROOT / ".venv" / "bin"}:$PATH"\n'
        f'export CREDENTIAL="{credential_id}"\n'
    )


def _wait_for(url: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        if time.monotonic() > until:
            raise TimeoutError(f"{url} is not ready after {seconds:.0f} s")
        time.sleep(0.2)


def _python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
