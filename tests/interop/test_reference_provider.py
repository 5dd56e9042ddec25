"""The same malformed requests to npm oidc-provider (certified) and to ours: the same error codes come back.

Where ours differs on purpose, ``DIFFERS`` says why; a difference that is not written there fails.
"""

import json
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.conformance.oidc.browser import Browser, Callback, Page
from tests.conformance.oidc.relying_party import Provider, RelyingParty, s256
from tests.conformance.oidc.suite import REDIRECT_URI, Suite
from tests.interop.npm_packages import script
from tests.servers.stack import free_port

pytestmark = pytest.mark.interop
VERIFIER = secrets.token_urlsafe(48)
SOUND = {
    "response_type": "code", "redirect_uri": REDIRECT_URI, "scope": "openid", "state": "x",
    "code_challenge": s256(VERIFIER), "code_challenge_method": "S256",
}  # fmt: skip
UNSIGNED = "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZW5pZCJ9."


@dataclass
class Side:
    """A provider, a client of it, and a browser in which somebody logs in."""

    party: RelyingParty
    http: httpx.Client
    suite: Suite | None

    def authorize(self, params: dict[str, str | None]) -> str:
        """The error that came back, or that a page showed with status 400; "" for none."""
        sent = {
            n: v for n, v in ({"client_id": self.party.client_id} | SOUND | params).items() if v is not None
        }
        url = httpx.URL(self.party.provider.metadata["authorization_endpoint"], params=sent)
        browser = Browser(self.http_trust, lambda at: at.startswith("https://rp.example.gov.vn"))
        with browser.http:
            back = browser.open(str(url))
        if isinstance(back, Callback):
            # Both answer what asks for another response type; the reference in the fragment.
            fragment = dict(parse_qsl(urlsplit(back.url).fragment))
            return str({**fragment, **back.params}.get("error", ""))
        return _shown(back)

    @property
    def http_trust(self) -> Any:
        return self.suite.front.trust if self.suite else True

    def code(self) -> str:
        url = httpx.URL(
            self.party.provider.metadata["authorization_endpoint"],
            params={"client_id": self.party.client_id} | SOUND,
        )
        if self.suite:
            browser = self.suite.browser()
            return str(self.suite.arrive(self.suite.walk(browser, browser.open(str(url)))).params["code"])
        browser = Browser(True, lambda at: at.startswith("https://rp.example.gov.vn"))
        with browser.http:
            back = browser.open(str(url))
        assert isinstance(back, Callback)
        return str(back.params["code"])

    def token(self, fields: dict[str, str], **sent: Any) -> tuple[int, str]:
        auth = sent.pop("auth", (self.party.client_id, self.party.secret))
        answer = self.http.post(
            self.party.provider.metadata["token_endpoint"],
            data=fields,
            **({"auth": auth} if auth else {}),
            **sent,
        )
        return answer.status_code, answer.json().get("error", "")


def _shown(page: Page) -> str:
    """What a person is told is each provider's own; that nothing is redirected is not."""
    return "page" if page.status == 400 else ""


@pytest.fixture(scope="module")
def reference() -> Iterator[Side]:
    port = free_port()
    client_id, secret = "rp-mau", secrets.token_urlsafe(32)
    client = {
        "client_id": client_id, "client_secret": secret, "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types": ["code"],
        "scope": "openid profile offline_access",
    }  # fmt: skip
    process = subprocess.Popen(
        [*script("reference_provider.mjs"), str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"clients": [client]}))
    process.stdin.close()
    assert process.stdout.readline() == "listening\n"
    with httpx.Client(timeout=20, trust_env=False) as http:
        provider = Provider(f"http://127.0.0.1:{port}", http)
        provider.discover()
        party = RelyingParty(provider, client_id, REDIRECT_URI, auth="client_secret_basic", secret=secret)
        yield Side(party, http, None)
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture(scope="module")
def ours(oidc_suite: Suite) -> Iterator[Side]:
    party = oidc_suite.register("baseline", auth="client_secret_basic")
    yield Side(party, oidc_suite.op.http, oidc_suite)
    oidc_suite.close_browsers()


AUTHORIZE: dict[str, dict[str, str | None]] = {
    "no response_type": {"response_type": None},
    "response_type=token": {"response_type": "token"},
    "response_type=id_token": {"response_type": "id_token", "nonce": "n"},
    "response_type unknown": {"response_type": "khong-co"},
    "no redirect_uri, unknown client": {"client_id": "khong-co"},
    "another redirect_uri": {"redirect_uri": "https://rp.example.gov.vn/khac"},
    "no client_id": {"client_id": None},
    "no challenge": {"code_challenge": None, "code_challenge_method": None},
    "a method without challenge": {"code_challenge": None},
    "challenge method plain": {"code_challenge_method": "plain"},
    "challenge method unknown": {"code_challenge_method": "S512"},
    "challenge too short": {"code_challenge": "ngan"},
    "prompt=none": {"prompt": "none"},
    "prompt=none login": {"prompt": "none login"},
    "prompt unknown": {"prompt": "khong-co"},
    "max_age not a number": {"max_age": "lau"},
    "max_age negative": {"max_age": "-1"},
    "unsigned request": {"request": UNSIGNED},
    "request_uri": {"request_uri": "https://rp.example.gov.vn/request.jwt"},
    "request_uri unknown": {"request_uri": "urn:ietf:params:oauth:request_uri:khong-co"},
    "response_mode unknown": {"response_mode": "khong-co"},
    "claims not JSON": {"claims": "{"},
    "claims a list": {"claims": "[]"},
    "id_token_hint garbage": {"id_token_hint": "x.y.z", "prompt": "none"},
    "registration": {"registration": "{}"},
}
# What ours says of a case, and why.
DIFFERS: dict[str, tuple[str, str]] = {
    "response_type=id_token": (
        "unsupported_response_type",
        "the reference knows this type, and finds another fault with the request",
    ),
    "no challenge": (
        "",
        "a confidential client of the baseline profile may leave PKCE out, as the suite's plans do",
    ),
    "request_uri unknown": ("page", "nobody knows whose request it was, so it is answered to nobody"),
    "response_mode unknown": (
        "invalid_request",
        "unsupported_response_mode is a word of the reference's own",
    ),
    "registration": (
        "",
        "an unknown parameter is ignored (Core §3.1.2.2); self-issued providers are not offered",
    ),
}


@pytest.mark.parametrize("case", AUTHORIZE)
def test_the_authorization_endpoints_agree(reference: Side, ours: Side, case: str) -> None:
    told = ours.authorize(AUTHORIZE[case])
    if case in DIFFERS:
        assert told == DIFFERS[case][0], DIFFERS[case][1]
    else:
        assert told == reference.authorize(AUTHORIZE[case])


def grant(redeemed: str, **changes: str | None) -> dict[str, str]:
    sound = {
        "grant_type": "authorization_code", "code": redeemed, "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }  # fmt: skip
    return {name: value for name, value in (sound | changes).items() if value is not None}


@pytest.mark.parametrize(
    "changes",
    [
        {"grant_type": None}, {"grant_type": "khong-co"}, {"grant_type": "password"}, {"code": None},
        {"code": "khong-co"}, {"redirect_uri": "https://rp.example.gov.vn/khac"},
        {"code_verifier": None}, {"code_verifier": "x" * 43},
        {"grant_type": "refresh_token"}, {"grant_type": "refresh_token", "refresh_token": "khong-co"},
    ],
    ids=lambda changes: " ".join(f"{name}={value}" for name, value in changes.items()),
)  # fmt: skip
def test_the_token_endpoints_agree(reference: Side, ours: Side, changes: dict[str, str | None]) -> None:
    told = [side.token(grant(side.code(), **changes)) for side in (ours, reference)]
    assert told[0] == told[1]


def test_a_redirect_uri_that_was_sent_is_sent_again(reference: Side, ours: Side) -> None:
    """RFC 6749 §4.1.3. The reference lets a client with one address leave it out."""
    assert ours.token(grant(ours.code(), redirect_uri=None)) == (400, "invalid_grant")
    assert reference.token(grant(reference.code(), redirect_uri=None)) == (200, "")


@pytest.mark.parametrize("who", ["nobody", "wrong secret", "unknown client", "two ways"])
def test_the_providers_agree_about_clients(reference: Side, ours: Side, who: str) -> None:
    told = []
    for side in (ours, reference):
        fields = grant("khong-co")
        auth: tuple[str, str] | None = (side.party.client_id, side.party.secret)
        if who == "nobody":
            auth = None
        elif who == "wrong secret":
            auth = (side.party.client_id, "sai")
        elif who == "unknown client":
            auth = ("khong-co", "sai")
        else:
            fields |= {"client_id": side.party.client_id, "client_secret": side.party.secret}
        told.append(side.token(fields, auth=auth))
    if who == "nobody":
        # RFC 6749 §5.2 knows both: no client at all is a malformed request there, an unknown client here.
        assert {error for _, error in told} <= {"invalid_request", "invalid_client"}
    else:
        assert told[0] == told[1]


@pytest.mark.parametrize("proof", ["khong.phai.jwt", UNSIGNED])
def test_the_providers_agree_about_dpop_proofs(reference: Side, ours: Side, proof: str) -> None:
    told = [side.token(grant(side.code()), headers={"DPoP": proof}) for side in (ours, reference)]
    assert told[0] == told[1]


def test_a_code_that_comes_twice_is_an_invalid_grant_to_both(reference: Side, ours: Side) -> None:
    for side in (ours, reference):
        code = side.code()
        assert side.token(grant(code)) == (200, "")
        assert side.token(grant(code)) == (400, "invalid_grant")


def test_what_is_answered_has_the_same_members(reference: Side, ours: Side) -> None:
    """Of a code flow with openid alone: nothing that a relying party would not expect."""
    members = []
    for side in (ours, reference):
        answer = side.http.post(
            side.party.provider.metadata["token_endpoint"],
            data=grant(side.code()), auth=(side.party.client_id, side.party.secret),
        )  # fmt: skip
        members.append(set(answer.json()))
    assert members[0] - {"refresh_token"} == members[1] - {"refresh_token"}
