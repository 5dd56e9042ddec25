"""``antin-test-provider``: the provider for tests, until Ctrl-C. Exit codes: 0 done, 2 it cannot run."""

import argparse
import signal
import sys
import threading
from dataclasses import asdict
from typing import Any, TextIO

import orjson

from idp.errors import IdpError
from idp.protocol.client_metadata import BASELINE, FAPI2
from idp.testing.clients import DEFAULT_REDIRECT_URI
from idp.testing.provider import SampleProvider

BANNER = """\
=== MẪU — CHỈ ĐỂ THỬ NGHIỆM ===  Khóa nằm trong bộ nhớ, người dùng là bịa; không bao giờ dùng cho người thật.
=== SAMPLE — FOR TESTS ONLY ===  Keys are in memory, people are made up; never for real people.
"""


def main(arguments: list[str] | None = None, *, stop: threading.Event | None = None) -> int:
    """Until SIGINT, SIGTERM or ``stop``."""
    options = _parser().parse_args(arguments)
    issuer = options.issuer or (f"http://127.0.0.1:{options.port}" if options.port else "")
    ended = stop or threading.Event()
    if stop is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
    try:
        with SampleProvider(issuer, redis_url=options.redis_url) as provider:
            sys.stderr.write(BANNER)
            _tell(sys.stdout, _demonstration(provider, options.redirect_uri), as_json=options.json)
            ended.wait()
    except IdpError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _demonstration(provider: SampleProvider, redirect_uri: str) -> dict[str, Any]:
    addresses = {"redirect_uris": [redirect_uri]}
    clients = [
        provider.register(BASELINE, client_id="mau-baseline", client_name="MẪU baseline", **addresses),
        provider.register(FAPI2, client_id="mau-fapi2", client_name="MẪU fapi2", **addresses),
    ]
    people = [
        provider.person("citizen", username="mau.congdan"),
        provider.person("official", username="mau.canbo", totp=True),
    ]
    return {
        "sample": True,
        "issuer": provider.issuer,
        "discovery": f"{provider.issuer}/.well-known/openid-configuration",
        "clients": [asdict(each) for each in clients],
        "people": [asdict(each) for each in people],
    }


def _tell(out: TextIO, told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        out.write(orjson.dumps(told).decode() + "\n")
    else:
        out.write(f"issuer  {told['issuer']}\n")
        for client in told["clients"]:
            shown = client["client_secret"] or orjson.dumps(client["jwks"]).decode()
            out.write(f"client  {client['client_id']}  {shown}\n")
        for person in told["people"]:
            otp = f"  TOTP {person['totp_secret']}" if person["totp_secret"] else ""
            out.write(f"person  {person['username']}  {person['password']}{otp}  {person['name']}\n")
    out.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "antin-test-provider", description="Nhà cung cấp danh tính MẪU / an identity provider for tests"
    )
    parser.add_argument("--issuer", default="", help="http://127.0.0.1:CỔNG; mặc định / default: a free port")
    parser.add_argument("--port", type=int, default=0, help="cổng trên 127.0.0.1 / port on 127.0.0.1")
    parser.add_argument("--redirect-uri", default=DEFAULT_REDIRECT_URI, metavar="URI")
    parser.add_argument("--redis-url", default="", help="thay cho redis-server riêng / instead of its own")
    parser.add_argument("--json", action="store_true", help="một dòng JSON / one line of JSON")
    return parser
