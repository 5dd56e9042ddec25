"""What is kept of browser and address."""

import pytest

from idp.protocol.device import address_prefix, summarise_device


@pytest.mark.parametrize(
    ("user_agent", "summary"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0 Safari/537.36", "Chrome · Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox · Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari · iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/131.0 Mobile Safari", "Chrome · Android"),
        (
            "Mozilla/5.0 (Windows NT 10.0) coc_coc_browser/130.0 Chrome/124.0 Safari/537.36",
            "Cốc Cốc · Windows",
        ),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_a_device_is_summarised_in_our_own_words(user_agent: str, summary: str) -> None:
    assert summarise_device(user_agent) == summary


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("unix:", ""),
        ("", ""),
    ],
)
def test_of_an_address_only_the_network_is_kept(address: str, prefix: str) -> None:
    assert address_prefix(address) == prefix
