"""RFC 9700 §2.1, §4.1: an answer goes to an address that was registered, octet by octet, or nowhere."""

from dataclasses import replace

import pytest

from idp.protocol.authorize.errors import NotRedirectable
from idp.protocol.authorize.redirect_uri import registered_redirect_uri
from tests.idp.protocol.authorize.asking import BASELINE, REDIRECT_URI, new_client

NATIVE = replace(
    BASELINE,
    application_type="native",
    redirect_uris=("http://127.0.0.1/callback", "http://[::1]:8080/callback", "vn.gov.mau:/callback"),
)


def test_the_registered_address_is_returned_as_it_is() -> None:
    assert registered_redirect_uri(new_client(), REDIRECT_URI) == REDIRECT_URI


def test_an_address_with_a_query_is_compared_with_its_query() -> None:
    """OIDC Dynamic: oidcc-redirect-uri-query-OK, -query-mismatch, -query-added."""
    client = new_client(replace(BASELINE, redirect_uris=(REDIRECT_URI + "?foo=bar",)))
    assert registered_redirect_uri(client, REDIRECT_URI + "?foo=bar")
    for sent in (REDIRECT_URI, REDIRECT_URI + "?bar=foo", REDIRECT_URI + "?foo=bar&x=1"):
        with pytest.raises(NotRedirectable):
            registered_redirect_uri(client, sent)


@pytest.mark.parametrize(
    "sent",
    [
        REDIRECT_URI + "/",
        REDIRECT_URI + "?x=1",
        REDIRECT_URI + "#",
        REDIRECT_URI + "#fragment",
        REDIRECT_URI + "%2f..%2f..%2fevil",
        REDIRECT_URI.replace("/callback", "/Callback"),
        REDIRECT_URI.replace("https", "HTTPS"),
        REDIRECT_URI.replace("https", "http"),
        REDIRECT_URI.replace("one-stop", "one-stop:443"),
        REDIRECT_URI.replace(".vn/", ".vn@evil.example/"),
        REDIRECT_URI.replace(".vn/", ".vn.evil.example/"),
        REDIRECT_URI.replace("https://", "https://user:pass@"),
        REDIRECT_URI.replace("/callback", "/x/../callback"),
        " " + REDIRECT_URI,
        REDIRECT_URI + "\n",
        "//one-stop.example.gov.vn/callback",
        "javascript:alert(1)",
        "",
    ],
)
def test_anything_else_is_not_redirected_to(sent: str) -> None:
    with pytest.raises(NotRedirectable):
        registered_redirect_uri(new_client(), sent)


@pytest.mark.parametrize(
    "sent",
    [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:49152/callback",
        "http://[::1]:9/callback",
        "vn.gov.mau:/callback",
    ],
)
def test_a_native_client_may_listen_on_another_loopback_port(sent: str) -> None:
    """RFC 8252 §7.3."""
    assert registered_redirect_uri(new_client(NATIVE), sent) == sent


@pytest.mark.parametrize(
    "sent",
    [
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1:49152/callback?x=1",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:049152/callback",
        "http://127.0.0.1:/callback",
        "http://user@127.0.0.1:49152/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://localhost:49152/callback",
        "http://127.0.0.2:49152/callback",
        "https://127.0.0.1:49152/callback",
        "http://evil.example:49152/callback",
        "vn.gov.mau://callback",
        "vn.gov.mau:/callback:80",
    ],
)
def test_of_a_loopback_address_only_the_port_may_differ(sent: str) -> None:
    with pytest.raises(NotRedirectable):
        registered_redirect_uri(new_client(NATIVE), sent)


def test_a_web_client_has_no_loopback_exception() -> None:
    client = new_client(replace(NATIVE, application_type="web"))
    with pytest.raises(NotRedirectable):
        registered_redirect_uri(client, "http://127.0.0.1:49152/callback")


def test_of_two_registered_addresses_none_is_chosen_for_the_client() -> None:
    """OIDC Dynamic: oidcc-ensure-redirect-uri-in-authorization-request."""
    client = new_client(replace(BASELINE, redirect_uris=(REDIRECT_URI, REDIRECT_URI + "2")))
    with pytest.raises(NotRedirectable) as refused:
        registered_redirect_uri(client, "")
    assert refused.value.code == "redirect_uri_missing"
