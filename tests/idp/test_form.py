"""How parameters may be sent, and which ways Authlib's Flask glue would have let in."""

from urllib.parse import urlencode

import pytest

from tests.idp.provider import Provider, System

ENDPOINTS = ["/token", "/introspect", "/revoke"]
FORM = "application/x-www-form-urlencoded"


def form(system: System) -> list[tuple[str, str]]:
    return list({"grant_type": "client_credentials", "token": "x", **system.form()}.items())


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    "query", ["grant_type=client_credentials", "scope=sign", "resource=https://x", "a", "="]
)
def test_parameters_in_the_url_are_refused(
    provider: Provider, system: System, endpoint: str, query: str
) -> None:
    answer = provider.client.post(f"{endpoint}?{query}", data=dict(form(system)))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    "name", ["grant_type", "client_assertion", "client_assertion_type", "scope", "token", "unknown"]
)
def test_a_repeated_parameter_is_refused(
    provider: Provider, system: System, endpoint: str, name: str
) -> None:
    pairs = [*form(system), ("scope", "sign"), ("unknown", "1")]
    for again in ("sign", ""):
        body = urlencode([*pairs, (name, again)])
        answer = provider.client.post(endpoint, data=body, content_type=FORM)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_only_a_form_is_read(provider: Provider, system: System, endpoint: str, content_type: str) -> None:
    answer = provider.client.post(endpoint, data=urlencode(form(system)), content_type=content_type)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    "body",
    [b"grant_type", b"\xff=\xff", b"a=%FF", b"&".join(b"a%d=1" % n for n in range(40)), "tê=n".encode()],
)
def test_a_malformed_body_is_refused(provider: Provider, endpoint: str, body: bytes) -> None:
    answer = provider.client.post(endpoint, data=body, content_type=FORM)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_an_empty_body_misses_its_parameters(provider: Provider) -> None:
    assert provider.client.post("/token", data=b"", content_type=FORM).json["error"] == "invalid_request"
    assert provider.client.post("/introspect", data=b"", content_type=FORM).json["error"] == "invalid_client"


def test_an_empty_value_is_a_missing_one(provider: Provider, system: System) -> None:
    """RFC 6749 §3.2."""
    assert provider.token(system, scope="", resource="", authorization_details="").status_code == 200
    answer = provider.client.post("/token", data=system.form() | {"grant_type": ""})
    assert answer.json["error"] == "invalid_request"


def test_a_body_beyond_the_limit_is_refused(provider: Provider) -> None:
    answer = provider.client.post("/token", data="a=" + "x" * 300_000, content_type=FORM)
    assert (answer.status_code, answer.json["error"]) == (413, "invalid_request")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_two_ways_to_authenticate_at_once_are_refused(
    provider: Provider, system: System, endpoint: str
) -> None:
    """RFC 6749 §2.3."""
    data = dict(form(system))
    basic = {"Authorization": "Basic eDp5"}
    for answer in (
        provider.client.post(endpoint, data=data, headers=basic),
        provider.client.post(endpoint, data=data | {"client_secret": "y"}),
    ):
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_no_other_way_to_authenticate_exists(provider: Provider, system: System, endpoint: str) -> None:
    """Authlib knows ``none``, basic and post by default; here they open nothing."""
    data = {"grant_type": "client_credentials", "token": "x", "client_id": system.client_id}
    none = provider.client.post(endpoint, data=data)
    post = provider.client.post(endpoint, data=data | {"client_secret": "y"})
    basic = provider.client.post(endpoint, data=data, headers={"Authorization": "Basic eDp5"})
    bearer = provider.client.post(endpoint, data=data, headers={"Authorization": "Bearer x"})
    for answer in (none, post, basic, bearer):
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert basic.headers["WWW-Authenticate"].startswith("Basic ")
    assert bearer.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_post_is_allowed(provider: Provider, endpoint: str, method: str) -> None:
    answer = provider.client.open(endpoint, method=method)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.json["error"] == "invalid_request"


def test_a_wrong_assertion_type_is_refused(provider: Provider, system: System) -> None:
    answer = provider.token(
        system, client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    )
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_unknown_parameters_are_ignored(provider: Provider, system: System) -> None:
    assert provider.token(system, extra="foobar").status_code == 200


def test_every_answer_carries_the_security_headers(provider: Provider) -> None:
    for path in ("/jwks", "/token", "/nothing", "/healthz"):
        headers = provider.client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Strict-Transport-Security"]
        assert headers["Cache-Control"]


def test_the_request_id_comes_back_when_it_is_sound(provider: Provider) -> None:
    answer = provider.client.get("/healthz", headers={"X-Request-Id": "abc-1.2_3"})
    assert answer.headers["X-Request-Id"] == "abc-1.2_3"
    for bad in ("a b", "x" * 65, '"', "é"):
        made = provider.client.get("/healthz", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
        assert made != bad
        assert len(made) == 24
