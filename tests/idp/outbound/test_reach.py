"""SSRF: what may be reached, and what never."""

import ipaddress

import pytest

from idp.errors import OutboundRefused
from idp.outbound.reach import Reach


@pytest.mark.parametrize(
    "url",
    [
        "http://rp.example.gov.vn/logout",
        "ftp://rp.example.gov.vn/logout",
        "file:///etc/passwd",
        "gopher://rp.example.gov.vn/",
        "https://user@rp.example.gov.vn/",
        "https://rp.example.gov.vn@169.254.169.254/",
        "https://rp.example.gov.vn/#fragment",
        "https://rp.example.gov.vn\\@evil.example/",
        "https://rp.example.gov.vn/a b",
        "https://rp.example.gov.vn/a\r\nX-Header: 1",
        "https://rp.example.gov.vn:0/",
        "https://rp.example.gov.vn:99999/",
        "https:///path",
        "//rp.example.gov.vn/",
        "https://[::1/",
        "https://" + "a" * 2000,
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_an_url_that_leads_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(OutboundRefused):
        Reach().check_url(url)


@pytest.mark.parametrize("url", ["https://rp.example.gov.vn/logout", "https://203.0.114.9:8443/a?b=c"])
def test_a_public_https_url_is_let_through(url: str) -> None:
    Reach().check_url(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.1", "::1", "0.0.0.0", "10.1.2.3", "172.16.0.1",  # noqa: S104 -- not bound to
        "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "fe80::1", "fc00::1",
        "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::",
        "64:ff9b::a00:1", "::",
    ],
)  # fmt: skip
def test_an_inner_address_is_refused_in_every_dress(address: str) -> None:
    with pytest.raises(OutboundRefused):
        Reach().check_address(ipaddress.ip_address(address))


def test_a_network_of_relying_parties_is_opened_by_name_and_no_further() -> None:
    reach = Reach(["10.47.0.0/16"])
    reach.check_address(ipaddress.ip_address("10.47.3.4"))
    reach.check_address(ipaddress.ip_address("::ffff:10.47.3.4"))
    for address in ("10.48.0.1", "127.0.0.1", "169.254.169.254"):
        with pytest.raises(OutboundRefused):
            reach.check_address(ipaddress.ip_address(address))


def test_opening_everything_does_not_open_the_metadata_service() -> None:
    with pytest.raises(OutboundRefused):
        Reach(["0.0.0.0/0"], loopback=True).check_address(ipaddress.ip_address("169.254.169.254"))


def test_loopback_is_for_a_provider_on_loopback() -> None:
    reach = Reach(loopback=True)
    reach.check_url("http://127.0.0.1:9000/logout")
    reach.check_url("http://localhost:9000/logout")
    reach.check_address(ipaddress.ip_address("::1"))
    with pytest.raises(OutboundRefused):
        reach.check_address(ipaddress.ip_address("10.0.0.1"))
