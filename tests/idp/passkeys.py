"""A passkey that answers the login pages, in a file instead of a browser."""

import json
import uuid
from typing import Any

from antin.software_passkey import SoftwarePasskey
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url

from tests.idp.people import Browser, form_token
from tests.idp.provider import Provider


class LoginPasskey(SoftwarePasskey):
    """Answers whatever challenge the page shows."""

    asked: bytes = b""

    def _client_data(self, kind: str, challenge: bytes) -> bytes:
        return super()._client_data(kind, self.asked or challenge)


def new_passkey(provider: Provider) -> LoginPasskey:
    host = provider.settings.issuer.partition("://")[2].partition(":")[0]
    return LoginPasskey.new(host, provider.settings.issuer, counter=1)  # type: ignore[return-value]


def register(browser: Browser, passkey: LoginPasskey, options: str, target: str, **fields: str) -> Any:
    """As the page's script does: ask for options, make the key, send the form."""
    passkey.asked = _challenge(browser, options)
    made = passkey.register(b"")
    return browser.post(target, credential=json.dumps(made), **fields)


def log_in(browser: Browser, passkey: LoginPasskey, person_id: str) -> Any:
    """On the login page that the browser shows."""
    challenge = _challenge(browser, f"{browser.path}/passkey/options")
    passkey.asked = challenge
    answer = passkey.sign_challenge(challenge)
    answer["response"]["userHandle"] = bytes_to_base64url(uuid.UUID(person_id).bytes)
    return browser.post(f"{browser.path}/passkey", credential=json.dumps(answer))


def _challenge(browser: Browser, options: str) -> bytes:
    assert browser.page is not None
    answer = browser.client.post(
        options, base_url=browser.base, headers={"X-CSRFToken": form_token(browser.page)},
        data={"csrf_token": form_token(browser.page)},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return base64url_to_bytes(answer.json["challenge"])
