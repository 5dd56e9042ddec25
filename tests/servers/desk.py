"""The desk for the tests: served over HTTP by threads of this process, registered with a real provider."""

import json
import logging
import secrets
import socket
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from desk.app import build_services, create_app
from desk.schema.migrate import migrate
from desk.settings import Settings
from joserfc.jwk import ECKey
from werkzeug.serving import make_server

from idp.protocol.client_metadata import FAPI2, ClientMetadata
from idp.register_clients import new_registration, read_jwks
from idp.services import Services
from idp.store.clients import save_registration

SCOPES = ("openid", "profile", "sign", "service", "credential")


class RunningDesk:
    """At ``http://localhost:<port>``. ``clock`` is the desk's own, so that a test can let time pass."""

    def __init__(
        self,
        folder: Path,
        provider: Services,
        *,
        redis_url: str,
        resource: str,
        database_url: str = "",
        **more: Any,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.base = f"http://localhost:{port}"
        self.ahead = 0.0
        client_id = f"ban-ky-so-{secrets.token_hex(4)}"
        key = ECKey.generate_key("P-256", {"kid": "desk", "alg": "ES256", "use": "sig"})
        key_file = folder / "desk.jwk"
        key_file.write_text(json.dumps(key.as_dict(private=True)))
        self.settings = Settings(
            base_url=self.base, port=port, issuer=provider.settings.issuer, client_id=client_id,
            client_key_file=key_file, resource=resource, redis_url=redis_url,
            database_url=database_url or f"sqlite:///{folder}/desk.sqlite3", **more,
        )  # fmt: skip
        self.key = key
        migrate(self.settings.database_url)
        register_desk(provider, self.settings, key)
        self.log = (folder / "desk.log").open("ab")
        self.log_file = folder / "desk.log"
        self.services = build_services(self.settings, clock=self.clock)
        self.app = create_app(self.settings, services=self.services, log=self.log)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server("127.0.0.1", port, self.app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def clock(self) -> float:
        return time.time() + self.ahead

    def browser(self, **headers: str) -> httpx.Client:
        """With cookies of its own; it follows no redirect by itself."""
        return httpx.Client(base_url=self.base, timeout=30, trust_env=False, headers=headers)

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.services.close()
        self.log.close()


def register_desk(provider: Services, settings: Settings, key: ECKey) -> None:
    """As administrators would; plain http, because everything is on this machine."""
    metadata = ClientMetadata(
        profile=FAPI2, first_party=True, subject_type="public", dpop_bound_access_tokens=True,
        require_pushed_authorization_requests=True, grant_types=("authorization_code", "refresh_token"),
        redirect_uris=(settings.redirect_uri, f"{settings.base_url}/approved"),
        post_logout_redirect_uris=(settings.logged_out_uri,),
        backchannel_logout_uri=f"{settings.base_url}/backchannel-logout",
        backchannel_logout_session_required=True,
    )  # fmt: skip
    registration = new_registration(
        settings.client_id, name="Bàn ký số MẪU", contact="mau@example.gov.vn", token_algorithm="ES256",
        scopes=SCOPES, resources=(settings.resource,), credential_ids=(), introspects=(),
        jwks=read_jwks(json.dumps(key.as_dict(private=False))), metadata=metadata,
    )  # fmt: skip
    with provider.database.writing() as connection:
        save_registration(connection, registration, int(time.time()))
    provider.clients.forget(settings.client_id)
