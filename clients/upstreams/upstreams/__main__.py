"""``python -m upstreams serve``: one process, since codes and tokens are in its memory."""

import argparse
import sys
from functools import partial
from pathlib import Path

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from upstreams.app import create_app


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("upstreams", description="Simulators of the national identity systems.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8087)
    serve.add_argument("--base-url", default="http://localhost:8087")
    serve.add_argument("--client", default="an-tin")
    serve.add_argument("--secret-file", type=Path, required=True)
    serve.add_argument("--misbehave", action="store_true", help="let tests make it fail")
    options = parser.parse_args(arguments)
    secret = options.secret_file.read_text("utf-8").strip()
    server = Granian(
        "upstreams",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=8,
        log_level=LogLevels.warning,
    )
    load = partial(_load, options.base_url, options.client, secret, misbehave=options.misbehave)
    server.serve(target_loader=load, wrap_loader=False)
    return 0


def _load(base_url: str, client: str, secret: str, *, misbehave: bool) -> Flask:
    return create_app(base_url, client, secret, misbehave=misbehave)


if __name__ == "__main__":
    sys.exit(main())
